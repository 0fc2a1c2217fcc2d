using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArrowCid.Server.Http;

/// <summary>
/// Names in paths: <c>/v1/names/NAME</c>, <c>/v1/history/NAME</c>, <c>/v1/datasets/NAME.parquet</c> and
/// <c>/v1/blocks/@NAME[/info|/tags|/columns|/links|/statements]</c>. A name may have slashes, which callers may encode
/// or not, and the server leaves an encoded one and an encoded percent sign alike in the path that routes see. So the
/// name is read from the request's own target, and <c>@</c> is put in its place in the path. A name that ends in one of
/// these five words needs the slash before it encoded.
/// </summary>
internal static class PathNames
{
    private const string Mark = "@", EncodedMark = "%40", Parquet = ".parquet";

    /// <summary>Reads the name in a request's path, where there is one, and goes on.</summary>
    public static Task Take(HttpContext context, RequestDelegate next)
    {
        if (Find(context) is var (path, name))
        {
            context.Features.Set(name);
            context.Request.Path = path;
        }

        return next(context);
    }

    /// <summary>Whether a request's path has a name.</summary>
    public static bool IsIn(HttpContext context) => context.Features.Get<Name>() is not null;

    /// <summary>The name in a request's path.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the path cannot be
    /// read.</exception>
    public static string NameOf(HttpContext context) => context.Features.Get<Name>()?.Text
        ?? throw new ArrowCidException(ErrorCode.InvalidArgument,
            "the name in the path cannot be read; write it percent-encoded in UTF-8, without '.' or '..' as a segment");

    private static (string Path, Name Name)? Find(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)) return null;
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        int query = target.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0) target = target[..query];
        if (!target.StartsWith('/'))
        {
            // A proxy sends the whole URL.
            int authority = target.IndexOf("://", StringComparison.Ordinal);
            int path = authority < 0 ? -1 : target.IndexOf('/', authority + 3);
            if (path < 0) return null;
            target = target[path..];
        }

        const int First = 3;
        string[] parts = target.Split('/');
        if (parts.Length <= First || parts[1] != "v1" || Array.Exists(parts, IsDots)) return null;
        if (parts[2] is "names" or "history" && (parts.Length > First + 1 || parts[First].Length > 0))
            return ($"/v1/{parts[2]}/{Mark}", NameOf(parts.AsSpan(First), 0));
        if (parts[2] == "datasets")
        {
            if (!parts[^1].EndsWith(Parquet, StringComparison.Ordinal)) return null;
            parts[^1] = parts[^1][..^Parquet.Length];
            return ($"/v1/datasets/{Mark}{Parquet}", NameOf(parts.AsSpan(First), 0));
        }

        int mark = parts[First].StartsWith(Mark, StringComparison.Ordinal) ? Mark.Length
            : parts[First].StartsWith(EncodedMark, StringComparison.Ordinal) ? EncodedMark.Length : 0;
        if (parts[2] != "blocks" || mark == 0) return null;
        bool hasMore = parts.Length > First + 1 && parts[^1] is "info" or "tags" or "columns"
            or "links" or "statements";
        return ($"/v1/blocks/{Mark}{(hasMore ? "/" + parts[^1] : "")}",
            NameOf(parts.AsSpan(First, parts.Length - First - (hasMore ? 1 : 0)), mark));
    }

    private static Name NameOf(ReadOnlySpan<string> parts, int mark) =>
        new(PercentEncoding.TryDecode(string.Join('/', parts!).AsSpan(mark), out string name) ? name : null);

    /// <summary>Whether a segment is one that paths are shortened by.</summary>
    private static bool IsDots(string part) =>
        part.Length <= 6 && part.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase) is "." or "..";

    /// <param name="Text">The name; null where it cannot be decoded.</param>
    private sealed record Name(string? Text);
}
