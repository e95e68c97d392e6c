package tui

func batchActions() []action   { return nil }
func deviceActions() []action  { return nil }
func teamActions() []action    { return nil }
func partnerActions() []action { return nil }
func remoteActions() []action  { return nil }
func findingActions() []action { return nil }
