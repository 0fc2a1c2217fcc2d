using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>A route.</summary>
/// <param name="Method">GET (which answers HEAD too where it may), PUT, POST, DELETE.</param>
/// <param name="Pattern">Its pattern.</param>
/// <param name="Operation">The operation; null where any caller may.</param>
/// <param name="Kind">Which rules hold.</param>
/// <param name="Serve">Answers.</param>
internal sealed record Route(string Method, string Pattern, AccessOperation? Operation, RouteKind Kind,
    RequestDelegate Serve)
{
    /// <summary>What it needs where the request names no block by its name; null: nothing.</summary>
    public AccessNeed? Need => NeedOf(isByName: false);

    /// <summary>The description in the OpenAPI document; null where it has none, as the files of the page.</summary>
    public ApiOperation? Document { get; init; }

    /// <summary>The names of its query parameters. Others are refused, for routes of the API.</summary>
    public IReadOnlyList<string> Parameters => Document?.QueryNames ?? [];

    /// <summary>The status of success.</summary>
    public int Success { get; init; } = StatusCodes.Status200OK;

    /// <summary>Whether it lasts as long as the client wants, so that no time is measured.</summary>
    public bool IsEndless { get; init; }

    /// <summary>Whether it serves a store that is only read too, whatever its method.</summary>
    public bool ServesReadOnly { get; init; }

    /// <summary>Whether bytes come with the request.</summary>
    public bool HasBody => Method is "PUT" or "POST";

    /// <summary>What it needs; null: nothing.</summary>
    /// <param name="isByName">Whether the request names a block by its name.</param>
    public AccessNeed? NeedOf(bool isByName) =>
        Operation is { } operation ? AccessRules.NeedOf(operation, isByName) : null;
}
