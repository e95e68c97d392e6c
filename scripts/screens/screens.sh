#!/usr/bin/env bash
# Pictures of the screen for the README, in both languages: a demonstration in a throw-away home, the real program under tmux.
#   BIN=bin scripts/screens/screens.sh docs/screens
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath "${1:-docs/screens}")
BIN=$(realpath "${BIN:-bin}")
dir=$(mktemp -d)
export PATH="$BIN:$PATH" VAULTCTL_HOME="$dir/h" VAULTCTL_LANG=en TZ=Europe/Paris LC_ALL=C.UTF-8 RCLONE_CONFIG="$dir/rclone.conf"
unset NO_COLOR TMUX
tm() { tmux -u -S "$dir/tmux" "$@"; }
trap 'tm kill-server 2>/dev/null || true; vaultctl daemon stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT

mkdir -p "$dir/scans" "$dir/remote" "$out"
go run ./scripts/papers "$dir/scans"
go build -o "$dir/draw" ./scripts/screens
quiet() { "$@" >/dev/null; }
quiet vaultctl init --org "CCAS de Rennes" --agent "Marie Durand" --team Accueil --remote "$dir/remote" --protect keyfile --yes --json --reveal
quiet vaultctl partner add CAF
person() { quiet vaultctl beneficiary add --to team:Accueil --verbal "$@"; }
person --family-name Haddad --given-name Amal --born 1985~ --ref CCAS:2026-0417 --purpose case-file --until +12mo --interpreter "Service interprétariat" --lang ar
person --family-name Nguyễn --given-name "Văn An" --born 1971-02-11 --ref CCAS:2026-0418 --purpose safekeeping
person --family-name محمد --given-name فاطمة --born 1990-05-01 --ref CCAS:2026-0419 --purpose safekeeping
amal=ref:CCAS:2026-0417
quiet vaultctl document add $amal "$dir/scans/carte.pdf" --type id-card --issued-on 2021-05-03 --original-seen
quiet vaultctl document add $amal "$dir/scans/avis.pdf" --type tax-notice --period 2024
quiet vaultctl document add $amal "$dir/scans/rib.png" --type bank-details --title "Compte courant"
quiet vaultctl sync --wait

see() { # waits until the screen shows a text
	for _ in $(seq 400); do
		if tm capture-pane -p | grep -qF -- "$1"; then return; fi
		sleep 0.1
	done
	tm capture-pane -p >&2
	echo "screens: no $1 on the screen" >&2
	exit 1
}
either() { # waits for a text in the language of the screen
	if [ "$lang" = fr ]; then see "$2"; else see "$1"; fi
}
take() { sleep 0.5; tm capture-pane -p -e | "$dir/draw" >"$out/$1-$lang.svg"; }

for lang in en fr; do
	printf 'set -g default-terminal tmux-256color\n' >"$dir/conf"
	tm -f "$dir/conf" new-session -d -x 80 -y 24 "$BIN/vaultctl-tui --lang $lang; sleep 100"
	see Marie
	tm send-keys -l "2026"
	see Haddad
	take home
	tm send-keys C-u
	tm send-keys -l "hadd"
	see Haddad
	tm send-keys Enter
	see "[1 "
	take person
	tm send-keys 4
	see "[4 "
	see "(RSA)"
	tm send-keys /
	tm send-keys -l rsa
	sleep 0.5
	tm send-keys Enter
	either "missing" "manquant"
	take procedure
	tm send-keys s
	either "Which documents?" "Quels justificatifs"
	tm send-keys Enter
	either "For whom?" "Pour qui"
	tm send-keys Enter Enter
	either "Until when?" "Jusqu"
	tm send-keys Enter
	either "How did the person agree?" "Comment la personne"
	tm send-keys Enter Enter
	either "Was it read aloud?" "voix haute"
	tm send-keys Enter Enter Enter
	either "Share?" "Partager"
	take share
	tm send-keys Escape
	sleep 0.5
	tm kill-server
	tm -f "$dir/conf" new-session -d -x 80 -y 24 "$BIN/vaultctl-tui --lang $lang; sleep 100"
	see Marie
	tm send-keys -l "hadd"
	see Haddad
	tm send-keys Enter
	see "[1 "
	tm send-keys W
	either "Withdraw?" "Retirer"
	take withdrawal
	tm send-keys Escape
	tm kill-server
	sleep 0.5
done
