package daemon

import (
	"vaultctl/internal/api"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/engine"
)

// registerDue adds the call about what ends soon.
func registerDue(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleList(s, api.RouteDueList, e.DueList)
}
