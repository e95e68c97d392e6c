package daemon

import (
	"context"
	"time"

	"vaultctl/internal/apiserver"
	"vaultctl/internal/engine"
	"vaultctl/internal/workstation"
)

// Build returns the service of vaultd: the engine of the home over its real adapters.
func Build(_ context.Context, env Env) (Service, error) {
	e, err := workstation.New(workstation.Options{Home: env.Home, Version: env.Version, Now: time.Now, Logger: env.Log})
	if err != nil {
		return nil, err
	}
	return &service{e}, nil
}

// service lends the engine to the API server.
type service struct{ e *engine.Engine }

func (s *service) Start(ctx context.Context) error { return s.e.Start(ctx) }

func (s *service) Busy() bool { return s.e.Busy() }

func (s *service) Close(context.Context) error { return s.e.Close() }

func (s *service) Register(srv *apiserver.Server) {
	registerOrg(srv, s.e)
	registerPeople(srv, s.e)
	registerDocuments(srv, s.e)
	registerImports(srv, s.e)
	registerBatches(srv, s.e)
	registerShares(srv, s.e)
	registerDue(srv, s.e)
	registerOperation(srv, s.e)
}
