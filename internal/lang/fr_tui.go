package lang

// frTUI is what screens say, in French.
var frTUI = [...]row{}

// frTUIPlurals is what screens say with a count.
var frTUIPlurals = [...]plural{}
