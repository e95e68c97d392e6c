package daemon

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/engine"
)

// registerOrg adds the calls about organization, daemon and remotes.
func registerOrg(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleStream(s, api.RouteInit, e.Init)
	apiserver.Handle(s, api.RouteUnlock, func(ctx context.Context, req api.UnlockRequest) (api.Empty, error) {
		return api.Empty{}, e.Unlock(ctx, req.Passphrase)
	})
	apiserver.Handle(s, api.RouteLock, none(func(ctx context.Context) (api.Empty, error) { return api.Empty{}, e.Lock(ctx) }))
}
