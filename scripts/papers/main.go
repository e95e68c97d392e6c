// Command papers writes a few made-up documents for the demonstration: PDFs, a picture and a text.
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "papers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: papers DIR")
	}
	papers := map[string]func() ([]byte, error){
		"carte.pdf": func() ([]byte, error) { return page("Carte d'identite (exemple)", "Amal HADDAD, nee vers 1985") },
		"avis.pdf": func() ([]byte, error) {
			return page("Avis d'imposition 2025 (exemple)", "Revenu fiscal de reference : 0")
		},
		"rib.png":    picture,
		"lettre.txt": func() ([]byte, error) { return []byte("Une lettre que personne d'autre ne lit.\n"), nil },
	}
	for name, write := range papers {
		data, err := write()
		if err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(args[0], name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// page returns a PDF of one page with two lines of text.
func page(title, text string) ([]byte, error) {
	content := fmt.Sprintf("BT /F1 18 Tf 60 760 Td (%s) Tj 0 -30 Td /F1 12 Tf (%s) Tj ET", title, text)
	var out bytes.Buffer
	var starts []int
	out.WriteString("%PDF-1.4\n")
	for i, object := range []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	} {
		starts = append(starts, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(starts)+1)
	for _, at := range starts {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(starts)+1, xref)
	return out.Bytes(), nil
}

func picture() ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			img.SetGray(x, y, color.Gray{Y: uint8(x*y/97 + 31*(x/40))})
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
