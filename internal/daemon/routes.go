package daemon

import (
	"context"
	"errors"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// registerOrg adds the calls about organization, daemon, teams and remotes.
func registerOrg(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleStream(s, api.RouteInit, e.Init)
	apiserver.HandleStream(s, api.RouteJoinRecover, e.JoinRecover)
	apiserver.Handle(s, api.RouteJoinLook, e.JoinLook)
	apiserver.Handle(s, api.RouteJoinAsk, e.JoinAsk)
	apiserver.HandleStream(s, api.RouteJoinFinish, e.JoinFinish)
	apiserver.HandleList(s, api.RouteDeviceAsking, e.DeviceAsking)
	apiserver.HandleStream(s, api.RouteDeviceApprove, e.DeviceApprove)
	apiserver.Handle(s, api.RouteUnlock, func(ctx context.Context, req api.UnlockRequest) (api.Empty, error) {
		return api.Empty{}, e.Unlock(ctx, req.Passphrase)
	})
	apiserver.Handle(s, api.RouteLock, none(func(ctx context.Context) (api.Empty, error) { return api.Empty{}, e.Lock(ctx) }))
	apiserver.Handle(s, api.RouteStatus, none(e.Status))
	apiserver.Handle(s, api.RouteTeamAdd, e.TeamAdd)
	apiserver.HandleList(s, api.RouteTeamList, e.TeamList)
	apiserver.HandleList(s, api.RouteAgentList, e.AgentList)
	apiserver.HandleList(s, api.RouteDeviceList, e.DeviceList)
	apiserver.HandleStream(s, api.RouteDeviceAdopt, e.DeviceAdopt)
	apiserver.HandleStream(s, api.RouteRecoveryRotate, e.RecoveryRotate)
	apiserver.Handle(s, api.RouteRootNew, e.RootNew)
	apiserver.HandleStream(s, api.RouteRootRotate, e.RootRotate)
	apiserver.HandleStream(s, api.RouteDeviceRevoke, e.DeviceRevoke)
	apiserver.Handle(s, api.RouteAgentShow, e.AgentShow)
	apiserver.HandleStream(s, api.RouteAgentRemove, e.AgentRemove)
	apiserver.Handle(s, api.RouteTeamShow, e.TeamShow)
	apiserver.HandleStream(s, api.RouteTeamRemove, e.TeamRemove)
	apiserver.HandleStream(s, api.RouteMemberAdd, e.TeamMemberAdd)
	apiserver.HandleStream(s, api.RouteMemberRemove, e.TeamMemberRemove)
	apiserver.Handle(s, api.RouteRemoteAdd, e.RemoteAdd)
	apiserver.HandleList(s, api.RouteRemoteList, e.RemoteList)
	apiserver.Handle(s, api.RouteRemoteTest, e.RemoteTest)
	apiserver.Handle(s, api.RouteRemoteRemove, e.RemoteRemove)
	apiserver.HandleList(s, api.RouteRemoteClean, e.RemoteClean)
}

// registerPeople adds the calls about beneficiaries, cards and consents.
func registerPeople(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleUpload(s, api.RouteBeneficiaryAdd, upload(e.BeneficiaryAdd))
	apiserver.Handle(s, api.RouteBeneficiaryEdit, e.BeneficiaryEdit)
	apiserver.HandleList(s, api.RouteBeneficiaryList, e.BeneficiaryList)
	apiserver.HandleList(s, api.RouteBeneficiaryResolve, e.BeneficiaryResolve)
	apiserver.Handle(s, api.RouteBeneficiaryShow, e.BeneficiaryShow)
	apiserver.Handle(s, api.RouteBeneficiaryClose, e.BeneficiaryClose)
	apiserver.Handle(s, api.RouteBeneficiaryReopen, e.BeneficiaryReopen)
	apiserver.HandleStream(s, api.RouteBeneficiaryErase, e.BeneficiaryErase)
	apiserver.HandleStream(s, api.RouteBeneficiaryMerge, e.BeneficiaryMerge)
	apiserver.Handle(s, api.RouteBeneficiaryAccess, e.BeneficiaryAccess)
	apiserver.Handle(s, api.RouteCardIssue, e.CardIssue)
	apiserver.HandleUpload(s, api.RouteConsentGive, upload(e.ConsentGive))
	apiserver.HandleStream(s, api.RouteConsentWithdraw, e.ConsentWithdraw)
	apiserver.HandleList(s, api.RouteConsentList, e.ConsentList)
	apiserver.Handle(s, api.RouteConsentShow, e.ConsentShow)
	apiserver.Handle(s, api.RouteConsentNotice, e.ConsentNotice)
}

// registerDocuments adds the calls about documents.
func registerDocuments(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleUpload(s, api.RouteDocumentAdd, content(e.DocumentAdd))
	apiserver.HandleUpload(s, api.RouteDocumentPages, content(e.DocumentPages))
	apiserver.HandleUpload(s, api.RouteDocumentReplace, content(e.DocumentReplace))
	apiserver.HandleList(s, api.RouteDocumentList, e.DocumentList)
	apiserver.Handle(s, api.RouteDocumentShow, e.DocumentShow)
	apiserver.HandleDownload(s, api.RouteDocumentGet, download(e.DocumentGet))
	apiserver.Handle(s, api.RouteDocumentEdit, e.DocumentEdit)
	apiserver.HandleStream(s, api.RouteDocumentMove, e.DocumentMove)
	apiserver.Handle(s, api.RouteDocumentRemove, e.DocumentRemove)
	apiserver.Handle(s, api.RouteProcedureCheck, e.ProcedureCheck)
	apiserver.Handle(s, api.RouteDocumentProof, e.DocumentProof)
	apiserver.HandleDownload(s, api.RouteSharePDF, download(e.SharePDF))
}

// registerImports adds the calls of imports.
func registerImports(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleList(s, api.RouteImportCheck, e.ImportCheck)
	apiserver.HandleExchange(s, api.RouteImportDeposit, exchange(e.ImportDeposit))
	apiserver.HandleExchange(s, api.RouteImportPeople, exchange(e.ImportPeople))
}

// registerBatches adds the calls about imports and what corrects them.
func registerBatches(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleList(s, api.RouteBatchList, e.BatchList)
	apiserver.HandleList(s, api.RouteBatchShow, e.BatchShow)
	apiserver.HandleRows(s, api.RouteBatchUndo, e.BatchUndo)
}

// registerOperation adds the calls of operation.
func registerOperation(s *apiserver.Server, e *engine.Engine) {
	apiserver.HandleStream(s, api.RouteSync, e.Sync)
	apiserver.HandleRows(s, api.RouteVerify, func(ctx context.Context, req api.VerifyRequest, yield func(api.Finding) error,
		tell func(api.Progress)) (api.VerifyResult, error) {
		return e.Verify(ctx, req, tell, yield)
	})
	apiserver.HandleList(s, api.RouteDoctor, e.Doctor)
	apiserver.HandleDownload(s, api.RouteRecover, download(e.Recover))
	apiserver.HandleList(s, api.RouteJournalList, e.JournalList)
	apiserver.Handle(s, api.RouteJournalVerify, none(e.JournalVerify))
	apiserver.HandleDownload(s, api.RouteJournalExport, download(e.JournalExport))
	apiserver.HandleList(s, api.RouteStatsList, e.Stats)
	apiserver.HandleDownload(s, api.RouteStatsExport, download(e.StatsExport))
	apiserver.HandleDownload(s, api.RouteExport, download(e.Export))
}

// none adapts a call without request content.
func none[Res any](f func(context.Context) (Res, error)) func(context.Context, api.Empty) (Res, error) {
	return func(ctx context.Context, _ api.Empty) (Res, error) { return f(ctx) }
}

// upload adapts a call with streams of several names.
func upload[Req, Res any](f func(context.Context, Req, engine.Parts) (Res, error)) func(context.Context, Req, apiserver.PartReader) (Res, error) {
	return func(ctx context.Context, req Req, parts apiserver.PartReader) (Res, error) {
		return f(ctx, req, partsOf(parts))
	}
}

// exchange adapts a call that answers while streams come in.
func exchange[Req, Item, Res any](f func(context.Context, Req, engine.Parts, func(Item) error) (Res, error)) func(context.Context, Req, apiserver.PartReader, func(Item) error) (Res, error) {
	return func(ctx context.Context, req Req, parts apiserver.PartReader, yield func(Item) error) (Res, error) {
		return f(ctx, req, partsOf(parts), yield)
	}
}

func partsOf(parts apiserver.PartReader) engine.Parts {
	return func() (string, io.Reader, error) {
		part, err := parts.Next()
		if err != nil {
			return "", nil, err
		}
		return part.Name, part, nil
	}
}

// content adapts a call with one stream, the content.
func content[Req, Res any](f func(context.Context, Req, io.Reader) (Res, error)) func(context.Context, Req, apiserver.PartReader) (Res, error) {
	return func(ctx context.Context, req Req, parts apiserver.PartReader) (Res, error) {
		part, err := parts.Next()
		if err == nil && part.Name == api.PartContent {
			return f(ctx, req, part)
		}
		var none Res
		if err == nil || errors.Is(err, io.EOF) {
			err = vault.Errorf(vault.CodeUsage, "the content of the document is missing")
		}
		return none, err
	}
}

// download adapts a call that says first what the bytes are.
func download[Req, Meta any](f func(context.Context, Req, func(Meta) (io.Writer, error)) error) func(context.Context, Req, *apiserver.Download[Meta]) error {
	return func(ctx context.Context, req Req, d *apiserver.Download[Meta]) error {
		return f(ctx, req, func(meta Meta) (io.Writer, error) { return d, d.SetMeta(meta) })
	}
}
