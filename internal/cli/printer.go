package cli

import (
	"context"
	"io"

	"vaultctl/internal/printing"
)

// newPrinter finds the configured print command.
func (f *Factory) newPrinter() (*printing.Printer, error) {
	settings, err := f.Config()
	if err != nil {
		return nil, err
	}
	return printing.New(settings.String("print_command"))
}

// print prints what r gives, and tells what the command said.
func (f *Factory) print(ctx context.Context, p *printing.Printer, r io.Reader) error {
	said, err := p.Print(ctx, r)
	if err == nil && said != "" {
		f.IO.Note(said)
	}
	return err
}
