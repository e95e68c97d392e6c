package daemon

import (
	"vaultctl/internal/api"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/engine"
)

// registerShares adds the calls about shares and partners.
func registerShares(s *apiserver.Server, e *engine.Engine) {
	apiserver.Handle(s, api.RoutePartnerAdd, e.PartnerAdd)
	apiserver.HandleList(s, api.RoutePartnerList, e.PartnerList)
	apiserver.Handle(s, api.RoutePartnerShow, e.PartnerShow)
	apiserver.Handle(s, api.RoutePartnerRemove, e.PartnerRemove)
	apiserver.HandleUpload(s, api.RouteShareAdd, upload(e.ShareAdd))
	apiserver.HandleList(s, api.RouteShareList, e.ShareList)
	apiserver.Handle(s, api.RouteShareShow, e.ShareShow)
	apiserver.HandleStream(s, api.RouteShareRevoke, e.ShareRevoke)
	apiserver.HandleDownload(s, api.RouteShareGet, download(e.ShareGet))
	apiserver.HandleList(s, api.RouteShareLink, e.ShareLink)
	apiserver.HandleDownload(s, api.RouteSharePackage, download(e.SharePackage))
}
