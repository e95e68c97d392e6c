package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/config"
	"vaultctl/internal/importer"
	"vaultctl/internal/lang"
	"vaultctl/internal/manifest"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

type importOptions struct {
	people, source, mapFile, root, template, kind string
	settle, after, rejects                        string
	update, dryRun, noRecovery                    bool
	consent                                       consentFlags
	wait                                          waitOption
}

// afterWait is how long --after waits for the storage where --wait does not say.
const afterWait = 10 * time.Minute

func newImport(f *Factory) *cobra.Command {
	o := &importOptions{}
	cmd := &cobra.Command{
		Use:   "import MANIFEST",
		Short: lang.Key("Import many documents or people at once"),
		Long: "Import the rows of a manifest: documents or people, as .csv, .jsonl or .xlsx. A folder <reference>/<type>[_date].ext\n" +
			"and the ZIP of `vaultctl export` are imported as well. What is there already is left alone, so that the same command\n" +
			"may run every night, and goes on after an interruption. Rows that are refused are named, and the others done (exit\n" +
			"status 3). docs/import.md has the columns, maps for foreign tables, and recipes for cron and systemd.",
		Example: "  vaultctl import scans.csv --source SI --dry-run\n" +
			"  vaultctl import scans.csv --source SI --people people.csv --rejects rejects.csv\n" +
			"  vaultctl import /srv/drop --source SI --settle 1m --after move:/srv/done --no-input --json\n" +
			"  vaultctl import people.csv --map city.toml --to team:reception --purpose case-file --verbal\n" +
			"  vaultctl import --template scans.csv /srv/scans\n" +
			"  vaultctl import b7k2m9x4qw3t5_2026-11-02.zip --to team:reception --purpose case-file --evidence consent.pdf",
		Args:              argsFromUse,
		ValidArgsFunction: positions(),
		RunE:              func(cmd *cobra.Command, args []string) error { return runImport(f, cmd, args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.people, "people", "", lang.Key("manifest of people, imported before the documents"))
	flags.StringVar(&o.source, "source", "", lang.Key("system whose references the manifest gives without naming it"))
	flags.StringVar(&o.mapFile, "map", "", lang.Key("TOML file that maps foreign headers, values and dates"))
	flags.StringVar(&o.root, "root", "", lang.Key("folder that paths are relative to, if not the manifest's own"))
	flags.StringVar(&o.kind, "kind", "", lang.Key("what the manifest is about, where its columns do not say: documents or people"))
	flags.StringVar(&o.template, "template", "", lang.Key("write a manifest with a row for each file of a folder, and end; - for standard output"))
	flags.BoolVar(&o.update, "update", false, lang.Key("change descriptions that differ; without it they are reported"))
	flags.BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	flags.StringVar(&o.rejects, "rejects", "", lang.Key("file for the rows that are refused, to be corrected and imported again; mode 600"))
	flags.StringVar(&o.settle, "settle", "", lang.Key("leave files to the next run that changed less than so long ago: 10s, 1m"))
	flags.StringVar(&o.after, "after", "", lang.Key("what to do with files once the storage holds them: keep, move:DIR or delete"))
	o.wait.declare(cmd)
	o.consent.declare(f, cmd)
	flags.BoolVar(&o.noRecovery, "no-recovery", false, lang.Key("the person declines that recovery can open their vault"))
	complete(cmd, "kind", fixed("documents", "people"))
	complete(cmd, "after", fixed("keep", "move:", "delete"))
	return cmd
}

// importPlan is what a command line asks for.
type importPlan struct {
	path   string
	people string // manifest of people that goes first, "" for none
	read   manifest.Options
	run    importer.Options
	wait   string // as the daemon takes it, "" not to wait
	clear  *importer.Clearing
}

func runImport(f *Factory, cmd *cobra.Command, path string, o *importOptions) error {
	if o.template != "" {
		return f.importTemplate(cmd, path, o)
	}
	plan, err := o.plan(f, cmd, path)
	if err != nil {
		return err
	}
	if isExport(path) {
		if err := o.handover(f, cmd, plan); err != nil {
			return err
		}
	}
	if early := plan.unsettled(); early != "" {
		return f.importNothing(plan, early)
	}
	sources, err := plan.open()
	if err != nil {
		return err
	}
	defer sources.close()
	if plan.clear != nil && sources.documents == nil {
		return usagef(cmd, "--after is for the files of documents")
	}
	if o.rejects != "" && (sameFile(o.rejects, path) || sameFile(o.rejects, o.people)) {
		return usagef(cmd, "--rejects is the manifest itself: rows that are done would be lost from it")
	}
	report := f.newImportReport(plan, sources, o.rejects)
	err = report.runAll(cmd.Context(), plan, sources)
	return report.end(cmd.Context(), err)
}

// isExport reports whether a manifest is what `vaultctl export` writes.
func isExport(path string) bool { return strings.EqualFold(filepath.Ext(path), ".zip") }

// plan checks the flags. Nothing is done before all of them are known to be good.
func (o *importOptions) plan(f *Factory, cmd *cobra.Command, path string) (*importPlan, error) {
	p := &importPlan{path: path, people: o.people,
		read: manifest.Options{Kind: manifest.Kind(o.kind), Source: o.source, Root: o.root},
		run:  importer.Options{Batch: vault.NewBatchID(), Update: o.update, DryRun: o.dryRun, Now: f.Now, Connect: f.reconnect}}
	if o.kind != "" && o.kind != string(manifest.Documents) && o.kind != string(manifest.People) {
		return nil, usagef(cmd, "--kind is documents or people")
	}
	var err error
	if o.settle != "" {
		if p.run.Settle, err = config.ParseDuration(o.settle); err != nil {
			return nil, flagValue("settle", vault.Errorf(vault.CodeInvalid, "%w", err))
		}
	}
	if p.wait, err = o.wait.span(); err != nil {
		return nil, err
	}
	if err := o.planAfter(cmd, p); err != nil {
		return nil, err
	}
	if o.mapFile != "" {
		if p.read.Map, err = manifest.ReadMap(o.mapFile); err != nil {
			return nil, ofFile(o.mapFile, err)
		}
	}
	if p.run.Manifest, err = o.manifestName(path); err != nil {
		return nil, err
	}
	p.read.Consent, err = o.defaults(f, cmd)
	return p, err
}

// manifestName names a manifest by where it lies and where its paths start; "" for a folder and an archive.
func (o *importOptions) manifestName(path string) (string, error) {
	if isDir(path) || isExport(path) {
		return "", nil
	}
	name, err := filepath.Abs(path)
	if err == nil && o.root != "" {
		var root string
		root, err = filepath.Abs(o.root)
		name += string(filepath.ListSeparator) + root
	}
	if err != nil {
		return "", fmt.Errorf("resolve folder: %w", err)
	}
	return name, nil
}

// planAfter reads --after.
func (o *importOptions) planAfter(cmd *cobra.Command, p *importPlan) error {
	dir, moves := strings.CutPrefix(o.after, "move:")
	switch {
	case o.after == "" || o.after == "keep":
		return nil
	case moves && dir != "", o.after == "delete":
	default:
		return usagef(cmd, "--after is keep, move:DIR or delete")
	}
	if isExport(p.path) {
		return usagef(cmd, "--after is for the files of documents")
	}
	root := p.read.Root
	if root == "" {
		if root = p.path; !isDir(root) {
			root = filepath.Dir(root)
		}
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("resolve folder: %w", err)
	}
	p.clear = &importer.Clearing{Root: abs}
	if p.wait == "" {
		p.wait = afterWait.String()
	}
	if !moves {
		return nil
	}
	if p.clear.Move, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("resolve folder: %w", err)
	}
	if rel, err := filepath.Rel(abs, p.clear.Move); err == nil && filepath.IsLocal(rel) && isDir(p.path) {
		return usagef(cmd, "the folder of --after move: must not lie in the one that is imported")
	}
	return nil
}

func sameFile(a, b string) bool {
	ia, err := os.Stat(a)
	if err != nil {
		return false
	}
	ib, err := os.Stat(b)
	return err == nil && os.SameFile(ia, ib)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// defaults are the consent flags, which hold for rows that say nothing of a consent; nil without any.
func (o *importOptions) defaults(f *Factory, cmd *cobra.Command) (*manifest.Consent, error) {
	if o.consent == (consentFlags{}) && !o.noRecovery {
		return nil, nil
	}
	if o.consent.Purpose == "" {
		settings, err := f.Config()
		if err != nil {
			return nil, err
		}
		o.consent.Purpose = settings.String("default_purpose")
	}
	terms, err := o.consent.words(f)
	if err != nil {
		return nil, err
	}
	c := &manifest.Consent{Terms: terms, NoRecovery: o.noRecovery}
	if c.Evidence, err = f.paper(cmd, "evidence", o.consent.Evidence); err != nil {
		return nil, err
	}
	c.Mandate, err = f.paper(cmd, "mandate", o.consent.Mandate)
	return c, err
}

// paper is a file that goes with every consent of an import; it is read once for each.
func (f *Factory) paper(cmd *cobra.Command, flag, path string) (*manifest.Attachment, error) {
	if path == "" {
		return nil, nil
	}
	if path == stdio {
		return nil, usagef(cmd, "--%s must be a file: it is read once for each person", flag)
	}
	open := func() (*manifest.Content, error) {
		u, err := f.openUserFile(path)
		if err != nil {
			return nil, err
		}
		return &manifest.Content{ReadCloser: u, Size: u.Size}, nil
	}
	u, err := f.openUserFile(path)
	if err != nil {
		return nil, err
	}
	return &manifest.Attachment{Name: u.Name, Open: open}, u.Close()
}

// handover completes the consent for a person who comes from another organization: nothing of theirs is taken without.
func (o *importOptions) handover(f *Factory, cmd *cobra.Command, p *importPlan) error {
	if o.people != "" || o.kind != "" {
		return usagef(cmd, "an export holds its person and their documents: --people and --kind do not go with it")
	}
	missing := o.consent.missing()
	if len(missing) == 0 {
		return nil
	}
	if !f.IO.CanAsk() {
		return errMissing(cmd, missing)
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	if err := o.consent.ask(cmd.Context(), f, c); err != nil {
		return err
	}
	p.read.Consent, err = o.defaults(f, cmd)
	return err
}

// reconnect gives a connection in place of the one before.
func (f *Factory) reconnect(ctx context.Context) (*apiclient.Client, error) {
	f.close()
	return f.Client(ctx)
}

// unsettled returns the manifest that is still being written, "" if none is: half a table must not pass for a whole one.
func (p *importPlan) unsettled() string {
	for _, path := range []string{p.people, p.path} {
		info, err := os.Stat(path)
		if path != "" && err == nil && info.Mode().IsRegular() && !importer.Settled(info.ModTime(), p.run.Now(), p.run.Settle) {
			return path
		}
	}
	return ""
}

// importSources are the manifests of a run; nil where there is none.
type importSources struct{ people, documents manifest.Source }

func (s *importSources) close() {
	for _, src := range []manifest.Source{s.people, s.documents} {
		if src != nil {
			_ = src.Close() // it was only read
		}
	}
}

func (p *importPlan) open() (*importSources, error) {
	s := &importSources{}
	if isExport(p.path) {
		var err error
		if s.people, s.documents, err = manifest.OpenExport(p.path, p.read); err != nil {
			return nil, ofFile(p.path, err)
		}
		return s, nil
	}
	main, err := p.openManifest(p.path, p.read)
	if err != nil {
		return nil, err
	}
	switch {
	case main.Kind() == manifest.Documents:
		s.documents = main
	case p.people != "":
		_ = main.Close() // it was not read
		return nil, vault.Errorf(vault.CodeUsage, "%s is about people, as --people is", p.path)
	default:
		s.people = main
	}
	if p.people == "" {
		return s, nil
	}
	o := p.read
	o.Kind, o.Root = manifest.People, ""
	if s.people, err = p.openManifest(p.people, o); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p *importPlan) openManifest(path string, o manifest.Options) (manifest.Source, error) {
	src, err := manifest.Open(path, o)
	if err != nil {
		return nil, ofFile(path, err)
	}
	return src, nil
}

// ofFile says which file an error is about. One that is not there is wrong usage.
func ofFile(path string, err error) error {
	code := vault.CodeOf(err)
	if errors.Is(err, fs.ErrNotExist) || code == vault.CodeNotFound {
		return vault.Errorf(vault.CodeUsage, "%s: no such file", path)
	}
	return api.WithHint(vault.Errorf(code, "%s: %w", path, err), api.HintOf(err))
}

// importTemplate writes a manifest for a folder.
func (f *Factory) importTemplate(cmd *cobra.Command, dir string, o *importOptions) error {
	if !isDir(dir) {
		return usagef(cmd, "--template FILE needs the folder whose files it is to list")
	}
	types, err := f.Catalogue()
	if err != nil {
		return err
	}
	t := manifest.TemplateOptions{Source: o.source, Type: func(name string) string {
		found, _ := types.Lookup(name)
		return found.Code
	}}
	l := f.Lang()
	if o.template == stdio {
		_, err := manifest.WriteTemplate(f.IO.Out, dir, t)
		return err
	}
	out, err := userfile.Create(o.template, false)
	if err != nil {
		return err
	}
	defer out.Drop()
	rows, err := manifest.WriteTemplate(out, dir, t)
	if err != nil {
		return ofFile(dir, err)
	}
	if err := out.Keep(); err != nil {
		return err
	}
	f.IO.Note(l.N(rows, "%d file is listed in %s. Fill in beneficiary and type, then:", "%d files are listed in %s. Fill in beneficiary and type, then:",
		o.template))
	f.IO.Note(fmt.Sprintf("  vaultctl import %s --root %s --dry-run", o.template, dir))
	return nil
}
