package tui

func homePictures() []picture {
	return []picture{
		{name: "home", answers: office()},
		{name: "home-search", answers: office(), keys: []string{`"had"`}},
		{name: "help", answers: office(), keys: []string{"?"}},
	}
}
