package lang

// frTUIDocuments is what the terminal interface says on the pages of its area, in French.
var frTUIDocuments = [...]row{}

// frTUIDocumentsPlurals is the same with a count.
var frTUIDocumentsPlurals = [...]plural{}
