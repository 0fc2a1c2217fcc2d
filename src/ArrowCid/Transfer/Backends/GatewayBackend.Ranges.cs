using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace ArrowCid.Transfer.Backends;

/// <summary>Parts of blocks by the header <c>Range</c>, several requests at the same time.</summary>
internal partial class GatewayBackend
{
    private const int MostRequests = 8;

    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken)
    {
        bool isPartial = true, isThere = true;
        var leases = new BlockLease[slices.Count];
        Asking(cid, () => Task.Run(() => Parallel.ForEachAsync(RangePlan.Of(slices),
            new ParallelOptions { MaxDegreeOfParallelism = MostRequests, CancellationToken = cancellationToken },
            async (range, end) =>
            {
                if (!Volatile.Read(ref isPartial) || !Volatile.Read(ref isThere)) return;
                (HttpStatusCode status, byte[]? bytes) = await ReadRangeAsync(cid, range, end).ConfigureAwait(false);
                if (status is HttpStatusCode.OK) Volatile.Write(ref isPartial, false);
                else if (bytes is null) Volatile.Write(ref isThere, false);
                else RangePlan.Prove(range, bytes, slices, leases, slice => OtherBytes(cid, slice));
            }), cancellationToken).GetAwaiter().GetResult(), cancellationToken);
        if (!isThere) return null;
        // A gateway that ignores the header sends the whole block, which is asked for once.
        return isPartial ? leases : base.FindRanges(cid, slices, cancellationToken);
    }

    private async Task<(HttpStatusCode Status, byte[]? Bytes)> ReadRangeAsync(Cid cid, PlannedRange range,
        CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(_timeout);
        using HttpRequestMessage request = RequestFor(cid);
        request.Headers.Range = new RangeHeaderValue(range.Offset, range.Offset + range.Length - 1);
        using HttpResponseMessage response = await _client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token).ConfigureAwait(false);
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound or HttpStatusCode.Gone: return (response.StatusCode, null);
            case HttpStatusCode.OK: return (HttpStatusCode.OK, null);
            case HttpStatusCode.RequestedRangeNotSatisfiable: throw Ends(cid, range);
            case HttpStatusCode.PartialContent: break;
            default: throw Refused(cid.ToString(), response.StatusCode);
        }

        ContentRangeHeaderValue? sent = response.Content.Headers.ContentRange;
        if (sent?.Length < range.Offset + range.Length) throw Ends(cid, range);
        if (sent?.From != range.Offset)
        {
            throw new ArrowCidException(ErrorCode.Io, string.Create(CultureInfo.InvariantCulture,
                $"{Name} answers with another range of {cid} than {range.Length} bytes from {range.Offset}"));
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(range.Length);
        using Stream stream = await response.Content.ReadAsStreamAsync(end.Token).ConfigureAwait(false);
        int have = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, end.Token)
            .ConfigureAwait(false);
        return have == bytes.Length
            ? (HttpStatusCode.PartialContent, bytes)
            : throw new ArrowCidException(ErrorCode.Io, string.Create(CultureInfo.InvariantCulture,
                $"{Name} sent {have} of the {bytes.Length} bytes of a range of {cid}"));
    }

    private ArrowCidException Ends(Cid cid, PlannedRange range) =>
        new(ErrorCode.BlockCorrupt, string.Create(CultureInfo.InvariantCulture,
            $"{Name}: {cid} ends before {range.Offset + range.Length}, where a part of it is to end"));
}
