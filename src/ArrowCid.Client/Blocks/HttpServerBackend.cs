using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Client;

/// <summary>The blocks of a server over HTTP, with a token, or without one where the server lets anybody put: the
/// gateway's routes to read, those of the API to list, put and delete.</summary>
internal sealed class HttpServerBackend(Uri url, string? token, TimeSpan? timeout = null)
    : GatewayBackend(url, timeout ?? TimeSpan.FromMinutes(5), MostBlockBytes,
        token is null ? null : new AuthenticationHeaderValue("Bearer", token))
{
    // The most that a server lists at once.
    private const int MostListed = 1_000_000;

    public override bool CanPut => true;

    public override bool CanDelete => true;

    public override bool CanList => true;

    public override string? Test(CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage answer = Send(HttpMethod.Get, "/v1/blocks?limit=1", null, cancellationToken);
        RequireSuccess(answer, "the listing of blocks");
        return null;
    }

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        string query = string.Create(CultureInfo.InvariantCulture,
            $"/v1/blocks?filter={Uri.EscapeDataString("kind != view")}&limit={MostListed}");
        using HttpResponseMessage answer = Send(HttpMethod.Get, query, null, cancellationToken);
        RequireSuccess(answer, "the listing of blocks");
        using var lines = new StreamReader(answer.Content.ReadAsStream(cancellationToken));
        int count = 0;
        while (ReadLine(lines) is { } line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (line.Length == 0) continue;
            if (++count == MostListed)
            {
                throw new ArrowCidException(ErrorCode.Unsupported, string.Create(CultureInfo.InvariantCulture,
                    $"{Name} has {MostListed} blocks or more, which only Flight lists"));
            }

            yield return CidOf(line);
        }
    }

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage answer = Send(HttpMethod.Put, $"/v1/blocks/{cid}", content, cancellationToken);
        RequireSuccess(answer, $"the put of {cid}");
    }

    protected override void Remove(Cid cid, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = Send(HttpMethod.Delete, $"/v1/blocks/{cid}", null, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return;
        RequireSuccess(answer, $"the removal of {cid}");
    }

    private string? ReadLine(StreamReader lines)
    {
        try
        {
            return lines.ReadLine();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ArrowCidException(ErrorCode.Busy, $"{Name}: the listing ended early: {e.Message}", e);
        }
    }

    private Cid CidOf(string line)
    {
        try
        {
            using var entry = JsonDocument.Parse(line);
            return Cid.Parse(entry.RootElement.GetProperty("cid").GetString()!);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or ArgumentNullException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"{Name} lists something else than blocks", e);
        }
    }
}
