using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Errors as answers.</summary>
internal static class HttpErrors
{
    /// <summary>The status, code and message of an error. What is a fault of ours says no more than that.</summary>
    public static (int Status, ErrorCode Code, string Message) Of(Exception error) => error switch
    {
        GatewayException e => (e.Status, e.Code ?? e.Status switch
        {
            404 or 410 or 412 => ErrorCode.BlockNotFound,
            409 => ErrorCode.AccessDenied,
            406 or 415 or 501 => ErrorCode.Unsupported,
            413 => ErrorCode.TooLarge,
            _ => ErrorCode.InvalidArgument,
        }, e.Message),
        BlockRemovedException e => (StatusCodes.Status410Gone, e.Code, e.Message),
        ArrowCidException e => (StatusOf(e.Code), e.Code, Remedy.Join(e.Message, e.Remedy)),
        BadHttpRequestException e => (e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge
            ? ErrorCode.TooLarge
            : ErrorCode.InvalidArgument, e.Message),
        OperationCanceledException => (StatusCodes.Status503ServiceUnavailable, ErrorCode.Busy,
            "the server is ending; come again"),
        _ => (StatusCodes.Status500InternalServerError, ErrorCode.Internal, "a fault in arrowcid; its log says more"),
    };

    /// <summary>The one table from codes to statuses.</summary>
    public static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument or ErrorCode.InvalidCid or ErrorCode.SchemaMismatch or ErrorCode.InvalidData
            or ErrorCode.NotCanonical => StatusCodes.Status400BadRequest,
        ErrorCode.BlockNotFound or ErrorCode.NameNotFound => StatusCodes.Status404NotFound,
        ErrorCode.NameExists or ErrorCode.NameConflict => StatusCodes.Status409Conflict,
        ErrorCode.Unsupported => StatusCodes.Status406NotAcceptable,
        ErrorCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.StoreFull or ErrorCode.IndexFull or ErrorCode.ResourceExhausted =>
            StatusCodes.Status507InsufficientStorage,
        ErrorCode.SubscriberLagged => StatusCodes.Status410Gone,
        ErrorCode.AccessDenied => StatusCodes.Status403Forbidden,
        ErrorCode.Busy or ErrorCode.StoreGone or ErrorCode.StoreFaulted or ErrorCode.Forked or
            ErrorCode.PoolUnavailable or ErrorCode.MemberFenced =>
            StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static async Task WriteText(HttpResponse response, string message)
    {
        response.ContentType = "text/plain; charset=utf-8";
        await response.WriteAsync(message + "\n", response.HttpContext.RequestAborted).ConfigureAwait(false);
    }

    public static Task WriteJson(HttpResponse response, ErrorCode code, string message) => WriteJson(response, writer =>
    {
        writer.WriteStartObject("error");
        writer.WriteString("code", ApiErrors.NameOf(code));
        writer.WriteNumber("number", (int)code);
        writer.WriteString("message", message);
        writer.WriteBoolean("retry", ErrorTable.IsTransient(code));
        writer.WriteEndObject();
    });

    /// <summary>Answers with an error of the Pinning Service API.</summary>
    public static Task WriteFailure(HttpResponse response, ErrorCode code, string message) =>
        WriteJson(response, writer =>
        {
            writer.WriteStartObject("error");
            writer.WriteString("reason", ApiErrors.NameOf(code));
            writer.WriteString("details", message);
            writer.WriteEndObject();
        });

    /// <summary>Answers with a JSON object.</summary>
    public static Task WriteJson(HttpResponse response, Action<Utf8JsonWriter> members) =>
        WriteJson(response, JsonObject.Bytes(members));

    /// <summary>Answers with the bytes of a JSON object.</summary>
    public static async Task WriteJson(HttpResponse response, byte[] bytes)
    {
        response.ContentType = FileTypes.Json;
        response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(response.HttpContext.Request.Method)) return;
        await response.Body.WriteAsync(bytes, response.HttpContext.RequestAborted).ConfigureAwait(false);
    }
}
