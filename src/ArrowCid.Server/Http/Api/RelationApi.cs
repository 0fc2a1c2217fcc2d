using System.Text.Json;
using ArrowCid.Registry;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Lists what is related to a block or name: links, signed statements, the history of a name, and the places
/// of copies.</summary>
internal sealed class RelationApi(HttpService service, ListApi list)
{
    /// <summary><c>GET /v1/blocks/{cid}/links</c>.</summary>
    public Task Links(HttpContext context)
    {
        BlockLinks links = service.Store.Metadata.GetLinks(FindBlock(context));
        return HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("cid", links.Cid.ToString());
            writer.WriteString("schemaCid", links.Schema?.ToString());
            EntryJson.WriteTexts(writer, "parents", links.Parents.Select(each => each.ToString()));
            EntryJson.WriteTexts(writer, "children", links.Children.Select(each => each.ToString()));
            EntryJson.WriteTexts(writer, "names", links.Names);
        });
    }

    /// <summary><c>GET /v1/blocks/{cid}/statements</c>: with the bytes that a caller needs to verify them.</summary>
    public Task Statements(HttpContext context) =>
        list.Lines(context, service.Store.Signatures.Check(FindBlock(context)), StatementJson.Write);

    /// <summary><c>GET /v1/history/{name}</c>.</summary>
    public Task History(HttpContext context)
    {
        string name = PathNames.NameOf(context);
        IReadOnlyList<NameChange> changes = service.Store.Names.GetHistory(name);
        return changes.Count > 0
            ? list.Lines(context, changes, ListApi.WriteName)
            : throw new ArrowCidException(ErrorCode.NameNotFound, $"no name '{name}'");
    }

    /// <summary><c>GET /v1/places</c>.</summary>
    public Task Places(HttpContext context) => list.Lines(context, service.Store.Places.List(), (writer, place) =>
    {
        PlaceUsage usage = service.Store.Places.GetUsage(place.Name, context.RequestAborted);
        writer.WriteString("name", place.Name);
        writer.WriteString("location", place.Location);
        writer.WriteNumber("cost", place.Cost);
        writer.WriteString("form", place.Form);
        writer.WriteString("write", JsonNamingPolicy.CamelCase.ConvertName(place.Write.ToString()));
        writer.WriteBoolean("isDurable", place.IsDurable);
        writer.WriteNumber("blocks", usage.Blocks);
        writer.WriteNumber("bytes", usage.ByteLength);
        writer.WriteNumber("backlogBlocks", usage.BacklogBlocks);
        writer.WriteNumber("backlogBytes", usage.BacklogByteLength);
    });

    /// <summary>The CID of a block that the store knows.</summary>
    private Cid FindBlock(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        return service.Store.Metadata.Get(cid) is not null
            ? cid
            : throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} is here");
    }
}
