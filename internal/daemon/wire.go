package daemon

import (
	"context"
	"io"
	"time"

	"vaultctl/internal/api"
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
}

// none adapts a call without request content.
func none[Res any](f func(context.Context) (Res, error)) func(context.Context, api.Empty) (Res, error) {
	return func(ctx context.Context, _ api.Empty) (Res, error) { return f(ctx) }
}

// parts adapts the parts of an upload.
func parts(p apiserver.PartReader) engine.Parts {
	return func() (string, io.Reader, error) {
		part, err := p.Next()
		if err != nil {
			return "", nil, err
		}
		return part.Name, part, nil
	}
}
