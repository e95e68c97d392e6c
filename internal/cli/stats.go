package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

type statsOptions struct {
	by           []string
	year         int
	measure      string
	format, file string
	force        bool
}

func statsFormats() []string { return []string{"csv", "svg"} }

func newStats(f *Factory) *cobra.Command {
	var o statsOptions
	cmd := &cobra.Command{
		Use:   "stats",
		Short: lang.Key("Count what the service did in a year"),
		Long: "Count what the service did in a calendar year, from the journal: vaults opened, uses of cards, documents deposited and\n" +
			"opened, shares, procedures; for the whole organization, by team, by month, or by both. Nobody is named.\n\n" +
			"Counts from one to four are not told, nor others from which one of them could be computed, whichever tables of the same year\n" +
			"are put beside one another. Tables made on different days can be subtracted from one another: hand out whole years.",
		Example: "  vaultctl stats --by team\n  vaultctl stats --year 2025 --by team --by month -o 2025.csv\n" +
			"  vaultctl stats --measure documents_deposited --by month -o deposits.svg",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runStats(cmd, f, &o) },
	}
	cmd.Flags().StringSliceVar(&o.by, "by", nil, lang.Key("team or month; both may be given"))
	cmd.Flags().IntVar(&o.year, "year", 0, lang.Key("calendar year; default this one"))
	cmd.Flags().StringVar(&o.measure, "measure", "", lang.Key("count this alone: vaults_opened, cards_used, documents_deposited, documents_opened, shares, procedures"))
	cmd.Flags().StringVar(&o.format, "format", "", lang.Key("csv or svg; default what the file's name says"))
	cmd.Flags().StringVarP(&o.file, "output", "o", "", lang.Key("file to write, mode 600; - for standard output"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("overwrite the file of -o"))
	complete(cmd, "by", fixed("team", "month"))
	complete(cmd, "measure", fixed(api.Measures...))
	complete(cmd, "format", fixed(statsFormats()...))
	return cmd
}

func runStats(cmd *cobra.Command, f *Factory, o *statsOptions) error {
	for _, by := range o.by {
		if by != "team" && by != "month" {
			return usagef(cmd, "--by is team or month")
		}
	}
	if o.measure != "" && !slices.Contains(api.Measures, o.measure) {
		return usagef(cmd, "--measure is one of %s", strings.Join(api.Measures, ", "))
	}
	if cmd.Flags().Changed("year") && (o.year < 1970 || o.year > 9999) {
		return usagef(cmd, "--year is a year of four digits")
	}
	req := api.StatsRequest{Year: o.year, By: o.by, Measure: o.measure, Language: f.Lang().String()}
	if o.file != "" {
		return writeStats(cmd, f, o, req)
	}
	if o.format != "" {
		return usagef(cmd, "%s is missing", "-o FILE")
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	l := f.Lang()
	items := apiclient.List[api.Stat](cmd.Context(), c, api.RouteStatsList, req)
	hidden := false
	err = emitList(f, items, []string{l.T("what"), l.T("team"), l.T("month"), l.T("count")}, func(s api.Stat) []termio.Cell {
		count := termio.Cell{Text: l.T("not told"), Style: termio.Faint}
		if s.Count != nil {
			count = termio.Cell{Text: strconv.Itoa(*s.Count)}
		}
		hidden = hidden || s.Hidden
		return []termio.Cell{{Text: phrase.Measure(l, s.Measure)}, {Text: s.Team}, {Text: s.Month}, count}
	})
	if err == nil && hidden && !f.JSON() {
		f.IO.Note(l.T("Not told: counts from one to four, and what would give one away."))
	}
	if err == nil && !f.JSON() && (o.measure == "" || o.measure == "procedures") {
		f.IO.Note(l.T("Procedures are those of vaults that this workstation reads."))
	}
	return err
}

func writeStats(cmd *cobra.Command, f *Factory, o *statsOptions, req api.StatsRequest) error {
	format := o.format
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.file)), ".")
	}
	switch {
	case !slices.Contains(statsFormats(), format):
		return usagef(cmd, "counts are written as csv or svg: give --format")
	case format == "svg" && (len(o.by) != 1 || o.measure == ""):
		return usagef(cmd, "a plot shows one measure by team or by month: give --measure and one --by")
	}
	to, err := f.newSink(o.file, o.force, false)
	if err != nil {
		return err
	}
	defer to.drop()
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	if req.Year == 0 {
		req.Year = f.Now().Year()
	}
	title := phrase.Measure(f.Lang(), o.measure) + ", " + strconv.Itoa(req.Year)
	return download(cmd, f, c, to, o.file, f.Lang().T("counts"), api.RouteStatsExport,
		api.StatsExportRequest{StatsRequest: req, Format: format, Title: title})
}
