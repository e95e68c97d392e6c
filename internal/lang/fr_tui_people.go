package lang

// frTUIPeople is what the terminal interface says on the pages of its area, in French.
var frTUIPeople = [...]row{}

// frTUIPeoplePlurals is the same with a count.
var frTUIPeoplePlurals = [...]plural{}
