using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using ArrowCid.Client.Ipfs;

namespace ArrowCid.Client;

/// <summary>
/// A client of the IPFS Pinning Service API, version 1.0.0: asks a service, such as <c>arrowcid serve --pinning</c>, to
/// fetch blocks and to keep them. For any number of threads at once.
/// </summary>
public sealed class PinningClient : IDisposable
{
    private const int PageSize = 1000;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200), s_mostPause =
        TimeSpan.FromSeconds(15);

    private readonly HttpCalls _calls;

    /// <summary>Makes a client; it connects when it is first used.</summary>
    /// <param name="url">The URL of the service, below which is <c>/pins</c>: of <c>arrowcid serve</c> it is
    /// <c>http://HOST:8816/v1/pinning</c>.</param>
    /// <param name="token">The access token; null for none.</param>
    /// <exception cref="ArgumentException">It is no URL of HTTP.</exception>
    public PinningClient(Uri url, string? token = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        _calls = new HttpCalls(url, token);
    }

    /// <summary>The clock of <see cref="WaitAsync"/>.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Asks for a block, with everything beneath it, to be fetched and kept.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="options">What goes along; null: nothing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The request, which need not be pinned yet.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: the token does not allow it; <see
    /// cref="ErrorCode.ResourceExhausted"/>: the account has no more funds or space; <see cref="ErrorCode.Busy"/>: the
    /// service cannot be reached or is overloaded; <see cref="ErrorCode.InvalidArgument"/>: it refuses the CID or the
    /// options; <see cref="ErrorCode.InvalidData"/>: its answer is not of the API; others as the service gave
    /// them.</exception>
    public Task<RemotePin> AddAsync(Cid cid, RemotePinOptions? options = null,
        CancellationToken cancellationToken = default) => PostAsync("/pins", cid, options, cancellationToken);

    /// <summary>Returns a request as it is now.</summary>
    /// <param name="requestId">Its id.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is none of this id; others as
    /// for <see cref="AddAsync"/>.</exception>
    public async Task<RemotePin> GetAsync(string requestId, CancellationToken cancellationToken = default) =>
        Read(await SendAsync(HttpMethod.Get, PathOf(requestId), null, cancellationToken).ConfigureAwait(false),
            PinJson.Read);

    /// <summary>Replaces a request in one step, so that blocks that both need are not fetched again.</summary>
    /// <param name="requestId">The request that is removed.</param>
    /// <param name="cid">The block that is pinned in its place.</param>
    /// <param name="options">What goes along; null: nothing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new request, which has another id.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="GetAsync"/>.</exception>
    public Task<RemotePin> ReplaceAsync(string requestId, Cid cid, RemotePinOptions? options = null,
        CancellationToken cancellationToken = default) =>
        PostAsync(PathOf(requestId), cid, options, cancellationToken);

    /// <summary>Removes a request; its blocks may be deleted there from now on.</summary>
    /// <param name="requestId">Its id.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">As for <see cref="GetAsync"/>.</exception>
    public Task RemoveAsync(string requestId, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Delete, PathOf(requestId), null, cancellationToken);

    /// <summary>Lists requests, the latest first, page by page.</summary>
    /// <param name="filter">Which; null: all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <exception cref="ArrowCidException">As for <see cref="AddAsync"/>.</exception>
    public async IAsyncEnumerable<RemotePin> ListAsync(RemotePinFilter? filter = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        filter ??= new RemotePinFilter();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        DateTimeOffset? before = null;
        while (true)
        {
            byte[] body = await SendAsync(HttpMethod.Get, QueryOf(filter, before), null, cancellationToken)
                .ConfigureAwait(false);
            (RemotePin[] pins, long count) = Read(body, PinJson.ReadList);
            bool isNew = false;
            foreach (RemotePin pin in pins)
            {
                if (!seen.Add(pin.RequestId)) continue;
                isNew = true;
                yield return pin;
            }

            // A service that gives the same page again would be asked for ever.
            if (!isNew || count <= pins.Length) yield break;
            before = pins.Min(pin => pin.Created);
        }
    }

    /// <summary>Waits until a request is pinned or has failed, asking ever more seldom.</summary>
    /// <param name="requestId">Its id.</param>
    /// <param name="progress">Gets each answer.</param>
    /// <param name="cancellationToken">Cancels the wait; the request stays.</param>
    /// <returns>The request, pinned or failed.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="GetAsync"/>; a service that does not answer for a moment
    /// is asked again.</exception>
    public async Task<RemotePin> WaitAsync(string requestId, IProgress<RemotePin>? progress = null,
        CancellationToken cancellationToken = default)
    {
        const int MostFaults = 5;
        TimeSpan pause = s_firstPause;
        int faults = 0;
        while (true)
        {
            try
            {
                RemotePin pin = await GetAsync(requestId, cancellationToken).ConfigureAwait(false);
                faults = 0;
                progress?.Report(pin);
                if (pin.Status is RemotePinStatus.Pinned or RemotePinStatus.Failed) return pin;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy && ++faults < MostFaults)
            {
                // It may restart.
            }

            await Task.Delay(pause, Time, cancellationToken).ConfigureAwait(false);
            pause = pause + (pause / 2) > s_mostPause ? s_mostPause : pause + (pause / 2);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _calls.Dispose();

    private async Task<RemotePin> PostAsync(string path, Cid cid, RemotePinOptions? options,
        CancellationToken cancellationToken)
    {
        if (cid.IsDefault) throw new ArgumentException("There is no CID.", nameof(cid));
        using var content = new ByteArrayContent(PinJson.Write(cid, options ?? new RemotePinOptions()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return Read(await SendAsync(HttpMethod.Post, path, content, cancellationToken).ConfigureAwait(false),
            PinJson.Read);
    }

    private Task<byte[]> SendAsync(HttpMethod method, string path, HttpContent? content,
        CancellationToken cancellationToken) =>
        _calls.SendAsync(method, path, content, PinJson.ReasonOf, cancellationToken);

    private T Read<T>(byte[] body, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"{_calls.Name} does not answer as a pinning service: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static string PathOf(string requestId)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        return $"/pins/{Uri.EscapeDataString(requestId)}";
    }

    private static string QueryOf(RemotePinFilter filter, DateTimeOffset? before)
    {
        RemotePinStatus[] all = Enum.GetValues<RemotePinStatus>();
        IEnumerable<string> statuses = (filter.Statuses.Count > 0 ? filter.Statuses : all)
            .Select(status => status.ToString().ToLowerInvariant());
        // Without a status a service lists pinned requests alone.
        var query = new StringBuilder("/pins?status=").Append(string.Join(',', statuses));
        _ = query.Append(CultureInfo.InvariantCulture, $"&limit={PageSize}");
        if (filter.Cids.Count > 0) _ = query.Append("&cid=").Append(string.Join(',', filter.Cids));
        if (filter.Name is { } name) _ = query.Append("&name=").Append(Uri.EscapeDataString(name));
        if (before is { } time)
        {
            _ = query.Append("&before=").Append(Uri.EscapeDataString(time.UtcDateTime.ToString(
                "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)));
        }

        return query.ToString();
    }
}
