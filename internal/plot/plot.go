// Package plot draws counts as bars, as SVG that browsers and word processors show and screen readers tell.
package plot

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// Bar is a count with its label. Without a count it is not told, and says so instead.
type Bar struct {
	Label string
	Count *int
}

// The picture, in pixels of its own.
const (
	height  = 420
	gap     = 16
	thin    = 36
	letter  = 8  // about the width of one
	labels  = 90 // space for the axis and the edges
	longest = 24 // characters of a label
)

var ink = drawing.ColorFromHex("1f4e79")

// Bars draws a bar for each count under a title. Hidden is what stands in place of a bar that is not told.
func Bars(w io.Writer, title, hidden string, bars []Bar) error {
	if len(bars) == 0 {
		return fmt.Errorf("nothing to draw")
	}
	most, wide := 1, thin
	values := make([]chart.Value, len(bars))
	for i, b := range bars {
		label, value := shortened(b.Label)+" · "+hidden, 0.0
		if b.Count != nil {
			label, value = shortened(b.Label)+" · "+strconv.Itoa(*b.Count), float64(*b.Count)
			most = max(most, *b.Count)
		}
		wide = max(wide, letter*utf8.RuneCountInString(label))
		values[i] = chart.Value{Label: html.EscapeString(label), Value: value, Style: chart.Style{FillColor: ink, StrokeColor: ink}}
	}
	picture := chart.BarChart{
		Title: html.EscapeString(title), Width: labels + len(bars)*(wide+gap), Height: height, BarWidth: wide, BarSpacing: gap,
		Background: chart.Style{Padding: chart.Box{Top: 48, Left: gap, Right: gap, Bottom: gap}},
		XAxis:      chart.Style{TextWrap: chart.TextWrapNone},
		YAxis:      chart.YAxis{Range: &chart.ContinuousRange{Min: 0, Max: float64(scale(most))}, Ticks: ticks(scale(most))},
		Bars:       values,
	}
	var svg bytes.Buffer
	if err := picture.Render(chart.SVG, &svg); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	told := html.EscapeString(title)
	out := bytes.Replace(svg.Bytes(), []byte("<svg "), []byte(`<svg role="img" aria-label="`+told+`" `), 1)
	_, err := w.Write(out)
	return err
}

func shortened(label string) string {
	if runes := []rune(label); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return label
}

// scale returns the top of the axis: the next 1, 2 or 5 times a power of ten, and at least 5.
func scale(most int) int {
	power := int(math.Pow10(int(math.Log10(float64(most)))))
	for _, n := range []int{1, 2, 5, 10} {
		if n*power >= most {
			return max(5, n*power)
		}
	}
	return most
}

func ticks(top int) []chart.Tick {
	out := make([]chart.Tick, 6)
	for i := range out {
		v := float64(top) * float64(i) / 5
		out[i] = chart.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)}
	}
	return out
}
