using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ArrowCid.Client.Ipfs;

namespace ArrowCid.Client;

/// <summary>
/// A client of the RPC of a Kubo node (<c>/api/v0</c>): publishes blocks there. For any number of threads at once.
/// </summary>
public sealed class KuboClient : IDisposable
{
    private readonly HttpCalls _calls;

    /// <summary>Makes a client; it connects when it is first used.</summary>
    /// <param name="url">The URL of the RPC, usually <c>http://127.0.0.1:5001</c>. A user and password in it are sent
    /// as Basic authorization.</param>
    /// <param name="token">A Bearer token (<c>API.Authorizations</c>); null for none.</param>
    /// <exception cref="ArgumentException">It is no URL of HTTP.</exception>
    public KuboClient(Uri url, string? token = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        _calls = new HttpCalls(url, token);
    }

    /// <summary>Imports a CAR and pins its roots (<c>dag/import</c>).</summary>
    /// <param name="write">Writes the CAR; it is called on a thread of the pool, and sent while it is written.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were sent may stay at the node.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: the node cannot be reached; <see
    /// cref="ErrorCode.Io"/>: it refuses the CAR or cannot pin a root; <see cref="ErrorCode.AccessDenied"/>: it refuses
    /// the caller; <see cref="ErrorCode.InvalidData"/>: its answer is not of the RPC.</exception>
    public async Task<KuboImport> ImportCarAsync(Action<Stream> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var content = new StreamedContent(write);
        using MultipartFormDataContent form = FormOf(content);
        byte[] body = await PostAsync("dag/import?pin-roots=true&stats=true", form, cancellationToken)
            .ConfigureAwait(false);
        var roots = new List<Cid>();
        long? blocks = null, bytes = null;
        foreach (JsonElement line in Lines(body))
        {
            if (Find(line, "Root") is { } root)
            {
                Cid cid = CidOf(Find(root, "Cid") is { } link ? Find(link, "/") : null);
                if (Find(root, "PinErrorMsg") is { ValueKind: JsonValueKind.String } text
                    && text.GetString() is { Length: > 0 } error)
                    throw new ArrowCidException(ErrorCode.Io, $"{_calls.Name} does not pin {cid}: {error}");
                roots.Add(cid);
            }
            else if (Find(line, "Stats") is { } stats)
            {
                blocks = Number(stats, "BlockCount");
                bytes = Number(stats, "BlockBytesCount");
            }
        }

        return new KuboImport { Roots = roots, Blocks = blocks, ByteLength = bytes };
    }

    /// <summary>Stores one block (<c>block/put</c>).</summary>
    /// <param name="cid">Its CID, of version 1.</param>
    /// <param name="bytes">Its bytes; a node takes at most 2 MiB.</param>
    /// <param name="pin">Whether the block is pinned too, with what is beneath it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the node gives the bytes another CID;
    /// others as for <see cref="ImportCarAsync"/>.</exception>
    public async Task PutBlockAsync(Cid cid, ReadOnlyMemory<byte> bytes, bool pin = false,
        CancellationToken cancellationToken = default)
    {
        using var content = new ReadOnlyMemoryContent(bytes);
        using MultipartFormDataContent form = FormOf(content);
        string query = $"block/put?cid-codec={Multicodec.Name(cid.Codec)}&mhtype=sha2-256"
            + (pin ? "&pin=true" : "");
        byte[] body = await PostAsync(query, form, cancellationToken).ConfigureAwait(false);
        foreach (JsonElement line in Lines(body))
        {
            Cid stored = CidOf(Find(line, "Key"));
            if (stored.ToV1() == cid.ToV1()) return;
            throw new ArrowCidException(ErrorCode.InvalidData, $"{_calls.Name} stored {cid} as {stored}");
        }

        throw NotKubo("there is no answer");
    }

    /// <summary>Returns whether a block is pinned with everything beneath it (<c>pin/ls</c>).</summary>
    /// <param name="cid">The block.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">As for <see cref="ImportCarAsync"/>.</exception>
    public async Task<bool> IsPinnedAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        byte[] body;
        try
        {
            body = await PostAsync($"pin/ls?arg={cid}&type=recursive&stream=true", null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ArrowCidException e) when (e.Message.Contains("is not pinned", StringComparison.Ordinal))
        {
            // The RPC has no code of its own for it.
            return false;
        }

        foreach (JsonElement line in Lines(body))
        {
            // With and without stream=true, which older nodes do not know.
            if (Find(line, "Cid") is { } one && CidOf(one).ToV1() == cid.ToV1()) return true;
            if (Find(line, "Keys") is not { ValueKind: JsonValueKind.Object } keys) continue;
            if (keys.EnumerateObject().Any(key => Cid.TryParse(key.Name, out Cid found, out _)
                && found.ToV1() == cid.ToV1()))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _calls.Dispose();

    private Task<byte[]> PostAsync(string path, HttpContent? content, CancellationToken cancellationToken) =>
        _calls.SendAsync(HttpMethod.Post, "/api/v0/" + path, content, ReasonOf, cancellationToken);

    private static MultipartFormDataContent FormOf(HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return new MultipartFormDataContent { { content, "file", "file" } };
    }

    /// <summary>The objects of an answer, one per line.</summary>
    private List<JsonElement> Lines(byte[] body)
    {
        var lines = new List<JsonElement>();
        try
        {
            foreach (string line in Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.TrimEntries
                | StringSplitOptions.RemoveEmptyEntries))
            {
                using var document = JsonDocument.Parse(line);
                lines.Add(document.RootElement.Clone());
            }
        }
        catch (JsonException e)
        {
            throw NotKubo(e.Message.TrimEnd('.'));
        }

        return lines;
    }

    private Cid CidOf(JsonElement? text) =>
        text is { ValueKind: JsonValueKind.String } value && Cid.TryParse(value.GetString()!, out Cid cid, out _)
            ? cid
            : throw NotKubo("a CID is missing");

    private static JsonElement? Find(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement member)
        && member.ValueKind != JsonValueKind.Null
            ? member
            : null;

    private static long? Number(JsonElement parent, string name) =>
        Find(parent, name) is { ValueKind: JsonValueKind.Number } member && member.TryGetInt64(out long number)
            ? number
            : null;

    private static string? ReasonOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Find(document.RootElement, "Message") is { ValueKind: JsonValueKind.String } message
                ? message.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private ArrowCidException NotKubo(string rule) => new(ErrorCode.InvalidData, string.Create(
        CultureInfo.InvariantCulture, $"{_calls.Name} does not answer as the RPC of Kubo: {rule}"));
}
