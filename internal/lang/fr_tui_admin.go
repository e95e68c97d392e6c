package lang

// frTUIAdmin is what the terminal interface says on the pages of its area, in French.
var frTUIAdmin = [...]row{
	{"administration", "administration"},
	{"checks", "contrôles"},
	{"imports", "imports"},
	{"partners", "partenaires"},
}

// frTUIAdminPlurals is the same with a count.
var frTUIAdminPlurals = [...]plural{}
