using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Pinning;

/// <summary>Reads the pin of a request's body. Members that are not known are passed over.</summary>
internal static class PinBody
{
    private const int MostBytes = 64 << 10, MostDepth = 8, MostName = 255, MostOrigins = 20, MostOrigin = 1024,
        MostMeta = 1000;

    /// <summary>Reads it.</summary>
    /// <returns>A request without id and time.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.InvalidCid"/>
    /// or <see cref="ErrorCode.TooLarge"/>: it is no pin.</exception>
    public static async Task<PinRequest> ReadAsync(HttpContext context)
    {
        byte[] bytes = await ReadAllAsync(context).ConfigureAwait(false);
        JsonElement root = StrictJson.Parse(bytes, MostDepth, out string? error);
        if (error is not null) throw Invalid($"the body is not JSON: {error}");
        if (root.ValueKind != JsonValueKind.Object) throw Invalid("the body is not a JSON object");
        string text = TextOf(root, "cid") ?? throw Invalid("the body has no cid");
        if (!Cid.TryParse(text, out Cid cid, out CidError fault))
            throw new ArrowCidException(ErrorCode.InvalidCid, $"'{text}' is no CID: {Cid.Describe(fault)}");
        if (!cid.Hash.IsSha256)
            throw new ArrowCidException(ErrorCode.InvalidCid, $"{text} has another hash than sha2-256");
        string? name = TextOf(root, "name");
        if (name is { Length: > MostName }) throw Invalid($"a name has at most {MostName} characters");
        return new PinRequest
        {
            Id = "",
            Created = 0,
            CidText = text,
            Root = cid.ToV1(),
            Name = name,
            Origins = OriginsOf(root),
            Meta = MetaOf(root),
        };
    }

    private static ImmutableArray<string> OriginsOf(JsonElement root)
    {
        if (!Has(root, "origins", JsonValueKind.Array, out JsonElement list)) return [];
        ImmutableArray<string>.Builder origins = ImmutableArray.CreateBuilder<string>();
        foreach (JsonElement each in list.EnumerateArray())
        {
            bool isText = each.ValueKind == JsonValueKind.String;
            if (!isText || each.GetString() is not { Length: > 0 and <= MostOrigin } text)
                throw Invalid($"an origin is a multiaddr of at most {MostOrigin} characters");
            if (!origins.Contains(text)) origins.Add(text);
            if (origins.Count > MostOrigins) throw Invalid($"there are at most {MostOrigins} origins");
        }

        return origins.DrainToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> MetaOf(JsonElement root)
    {
        if (!Has(root, "meta", JsonValueKind.Object, out JsonElement map)) return PinRequest.NoMeta;
        ImmutableSortedDictionary<string, string>.Builder meta = PinRequest.NoMeta.ToBuilder();
        foreach (JsonProperty each in map.EnumerateObject())
        {
            if (each.Value.ValueKind != JsonValueKind.String || meta.Count == MostMeta)
                throw Invalid($"meta has at most {MostMeta} members, each a text");
            meta.Add(each.Name, each.Value.GetString()!);
        }

        return meta.ToImmutable();
    }

    private static string? TextOf(JsonElement root, string name) =>
        Has(root, name, JsonValueKind.String, out JsonElement text) ? text.GetString() : null;

    /// <summary>Finds a member; null is as if it were not there.</summary>
    private static bool Has(JsonElement root, string name, JsonValueKind kind, out JsonElement value)
    {
        if (!root.TryGetProperty(name, out value) || value.ValueKind == JsonValueKind.Null) return false;
        return value.ValueKind == kind ? true : throw Invalid($"'{name}' is not of its type");
    }

    private static async Task<byte[]> ReadAllAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MostBytes) throw TooLarge();
        using var bytes = new MemoryStream();
        byte[] piece = new byte[4 << 10];
        int n;
        while ((n = await context.Request.Body.ReadAsync(piece, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (bytes.Length + n > MostBytes) throw TooLarge();
            bytes.Write(piece, 0, n);
        }

        return bytes.ToArray();
    }

    private static ArrowCidException TooLarge() =>
        new(ErrorCode.TooLarge, $"the body has at most {MostBytes} bytes");

    private static ArrowCidException Invalid(string rule) => new(ErrorCode.InvalidArgument, rule);
}
