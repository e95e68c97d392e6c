package spelling

import "testing"

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Avis d’Imposition":    "avis d imposition",
		"  livret-de_famille ": "livret de famille",
		"Œuvre Été":            "oeuvre ete",
		"e\u0301te\u0301":      "ete",
		"بطاقة":                "بطاقة",
		"--":                   "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClosest(t *testing.T) {
	words := []string{"id-card", "passport", "payslip", "tax-notice"}
	for in, want := range map[string]string{
		"pasport": "passport", "passprot": "passport", "TAX NOTICE": "tax-notice", "idcard": "id-card", "ipcard": "id-card", "invoice": "", "": "",
	} {
		if got := Closest(in, words); got != want {
			t.Errorf("Closest(%q) = %q, want %q", in, got, want)
		}
	}
}
