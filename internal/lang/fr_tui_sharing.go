package lang

// frTUISharing is what the terminal interface says on the pages of its area, in French.
var frTUISharing = [...]row{}

// frTUISharingPlurals is the same with a count.
var frTUISharingPlurals = [...]plural{}
