using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary>The column CIDs of a table that a server has.</summary>
internal static class ColumnsOfServer
{
    private const long MostBytes = 64 << 20;

    /// <summary>Asks a server.</summary>
    /// <param name="url">The URL of the server.</param>
    /// <param name="token">The access token; null for none.</param>
    /// <param name="what">A CID, or a name after @.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="ArrowCidException">The server has no such table, or does not answer.</exception>
    public static async Task<LogicalFingerprint> GetAsync(Uri url, string? token, string what,
        CancellationToken cancel)
    {
        string name = what.StartsWith('@') ? $"@{Uri.EscapeDataString(what[1..])}" : Uri.EscapeDataString(what);
        using var client = new HttpClient { MaxResponseContentBufferSize = MostBytes };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url, $"/v1/blocks/{name}/columns"));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, cancel).ConfigureAwait(false);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                throw new ArrowCidException(answer.StatusCode switch
                {
                    HttpStatusCode.NotFound or HttpStatusCode.Gone => ErrorCode.BlockNotFound,
                    HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ErrorCode.AccessDenied,
                    _ => ErrorCode.Io,
                }, $"{url.Authority} does not give the columns of {what}: HTTP {(int)answer.StatusCode}");
            }

            return Read(body);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new ArrowCidException(ErrorCode.Io,
                $"{url.Authority} does not give the columns of {what}: {e.Message}", e);
        }
    }

    private static LogicalFingerprint Read(byte[] body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        return new LogicalFingerprint
        {
            Text = json.RootElement.GetProperty("fingerprint").GetString() ?? "",
            Rows = json.RootElement.GetProperty("rows").GetInt64(),
            Columns = [.. json.RootElement.GetProperty("columns").EnumerateArray().Select(each => KeyValuePair.Create(
                each.GetProperty("name").GetString() ?? "", Cid.Parse(each.GetProperty("cid").GetString() ?? "")))],
        };
    }
}
