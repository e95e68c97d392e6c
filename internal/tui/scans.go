package tui

func scanActions() []action { return nil }
