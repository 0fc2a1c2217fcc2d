using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>The error answers of the routes: their statuses follow from the codes of errors.</summary>
internal static class ApiErrors
{
    /// <summary>The entry of all statuses that are not listed, such as one that the web server itself sets.</summary>
    public const int OtherStatus = 0;

    // Statuses that a route or the pipeline sets itself, with the code of the body.
    private static readonly (int Status, ErrorCode Code)[] s_set =
    [
        (StatusCodes.Status401Unauthorized, ErrorCode.AccessDenied),
        (StatusCodes.Status409Conflict, ErrorCode.AccessDenied),
        (StatusCodes.Status409Conflict, ErrorCode.InvalidArgument),
        (StatusCodes.Status410Gone, ErrorCode.BlockNotFound),
        (StatusCodes.Status412PreconditionFailed, ErrorCode.BlockNotFound),
        (StatusCodes.Status415UnsupportedMediaType, ErrorCode.Unsupported),
        (StatusCodes.Status416RangeNotSatisfiable, ErrorCode.InvalidArgument),
        (StatusCodes.Status421MisdirectedRequest, ErrorCode.AccessDenied),
        (StatusCodes.Status422UnprocessableEntity, ErrorCode.InvalidArgument),
        (StatusCodes.Status429TooManyRequests, ErrorCode.Busy),
    ];

    /// <summary>The name of a code in JSON.</summary>
    public static string NameOf(ErrorCode code) => JsonNamingPolicy.CamelCase.ConvertName(code.ToString());

    /// <summary>The codes that an answer with a status may have.</summary>
    public static IEnumerable<ErrorCode> CodesOf(int status) => Enum.GetValues<ErrorCode>()
        .Where(code => HttpErrors.StatusOf(code) == status || s_set.Contains((status, code)));

    /// <summary>The statuses of a route's errors, in ascending order.</summary>
    public static IEnumerable<int> StatusesOf(Route route)
    {
        var statuses = new SortedSet<int>(route.Document?.Errors ?? [])
        {
            OtherStatus, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
        };
        Add(route.Kind is RouteKind.Api or RouteKind.Gateway or RouteKind.Pinning, StatusCodes.Status400BadRequest);
        Add(route.Kind != RouteKind.Gateway, StatusCodes.Status403Forbidden, StatusCodes.Status421MisdirectedRequest);
        Add(route.Need is not null, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden,
            StatusCodes.Status429TooManyRequests);
        Add(route.Kind is RouteKind.Api or RouteKind.Pinning && route.Pattern.Contains("/{", StringComparison.Ordinal),
            StatusCodes.Status404NotFound);
        Add(route.Kind == RouteKind.Api && route.Pattern.Contains("{cid}", StringComparison.Ordinal),
            StatusCodes.Status410Gone);
        Add(route.Method != "GET", StatusCodes.Status409Conflict, StatusCodes.Status507InsufficientStorage);
        Add(route.HasBody, StatusCodes.Status413PayloadTooLarge);
        return statuses;

        void Add(bool isSo, params ReadOnlySpan<int> more)
        {
            if (!isSo) return;
            foreach (int status in more) _ = statuses.Add(status);
        }
    }

    /// <summary>The description of the answer with a status.</summary>
    public static string Describe(int status) => status switch
    {
        OtherStatus => "Another error.",
        StatusCodes.Status400BadRequest => "The request is not valid.",
        StatusCodes.Status401Unauthorized => "A token is missing, wrong or expired.",
        StatusCodes.Status403Forbidden => "The caller's scope is too small, or the page's origin may not call.",
        StatusCodes.Status404NotFound => "The block, the name or the request does not exist.",
        StatusCodes.Status406NotAcceptable => "The block is not available in the requested form.",
        StatusCodes.Status409Conflict => "The state of the store forbids the change.",
        StatusCodes.Status410Gone => "The block was removed.",
        StatusCodes.Status412PreconditionFailed => "The block is not stored, and the caller wants stored ones only.",
        StatusCodes.Status413PayloadTooLarge => "The request is too large.",
        StatusCodes.Status415UnsupportedMediaType => "The type or the coding of the body is not supported.",
        StatusCodes.Status416RangeNotSatisfiable => "The range is outside of the content.",
        StatusCodes.Status421MisdirectedRequest => "The request's Host is not a name of this server.",
        StatusCodes.Status422UnprocessableEntity => "The CID is not valid.",
        StatusCodes.Status429TooManyRequests => "The caller sends too many requests; see Retry-After.",
        StatusCodes.Status500InternalServerError => "The server failed, or a stored block is damaged.",
        StatusCodes.Status503ServiceUnavailable => "The store is not available now; see Retry-After.",
        StatusCodes.Status507InsufficientStorage => "The store is full.",
        _ => throw new InvalidOperationException($"no description of {status}"),
    };
}
