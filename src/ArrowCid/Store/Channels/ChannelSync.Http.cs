using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

public sealed partial class ChannelSync
{
    private const string ExchangeType = "application/vnd.arrowcid.channel";
    private const int MaxAnswer = 64 << 20;

    // A server that always asks again is left.
    private const int MaxRounds = 100_000;

    /// <summary>Brings this channel and the same one of a server into step, both ways, over HTTP, with the blocks that
    /// the messages name.</summary>
    /// <param name="server">A client whose base address is the server's, and which shows its token.</param>
    /// <param name="withContents">Whether the blocks that messages name go along, with what they need.</param>
    /// <param name="cancellationToken">Cancels the call. What came stays.</param>
    /// <returns>What this channel got and gave.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the server answers no or wrongly;
    /// <see cref="ErrorCode.InvalidData"/>: what it sends is not what it should be; others as for a put.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public async Task<ChannelSyncResult> WithServerAsync(HttpClient server, bool withContents = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        _channel.Store.Blocks.EnterToWrite();
        ChannelExchange exchange = NewExchange();
        Digest256[] before = HeadsNow();
        try
        {
            int rounds = 0;
            for (long moved = -1; moved != exchange.Received + exchange.Sent && rounds < MaxRounds; rounds++)
            {
                moved = exchange.Received + exchange.Sent;
                List<byte[]> lists = [Locked(exchange.SayHello)];
                lists.AddRange(TakeLists(exchange, await Ask(server, [], cancellationToken).ConfigureAwait(false)));
                for (; lists.Count > 0 && rounds < MaxRounds; rounds++)
                    lists = TakeLists(exchange, await Ask(server, lists, cancellationToken).ConfigureAwait(false));
            }

            long contents = 0;
            if (withContents)
            {
                contents = await Fetch(server, ContentsAfter(before), cancellationToken).ConfigureAwait(false);
                await Push(server, ContentsOf(exchange.SentMessages), cancellationToken).ConfigureAwait(false);
            }

            return new ChannelSyncResult(exchange.Received, exchange.Sent, exchange.Refused, contents,
                _channel.Gaps.Count);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ArrowCidException(ErrorCode.Io, $"{server.BaseAddress}: {e.Message}", e);
        }
    }

    private async Task<List<byte[]>> Ask(HttpClient server, List<byte[]> lists, CancellationToken cancel)
    {
        var body = new MemoryStream();
        byte[] head = new byte[sizeof(uint)];
        foreach (byte[] list in lists)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)list.Length);
            body.Write(head);
            body.Write(list);
        }

        using var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue(ExchangeType);
        using HttpResponseMessage answer = await server.PostAsync(
            new Uri($"/v1/channels/{_channel.Cid}/exchange", UriKind.Relative), content, cancel).ConfigureAwait(false);
        _ = answer.EnsureSuccessStatusCode();
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        var answers = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            uint length = bytes.Length - at < sizeof(uint)
                ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            if (length > bytes.Length - at - sizeof(uint))
                throw new ArrowCidException(ErrorCode.InvalidData, $"{server.BaseAddress}: a list that ends too early");
            answers.Add(bytes.AsSpan(at + sizeof(uint), (int)length).ToArray());
            at += sizeof(uint) + (int)length;
        }

        return answers;
    }

    private List<Cid> ContentsAfter(Digest256[] heads)
    {
        lock (_channel.Gate)
        {
            ChannelFollower follower = _channel.Follower;
            return ContentsOf(Ancestry.Difference(follower.Messages, follower.Engine.Heads, heads)
                .Select(one => one.Digest));
        }
    }

    private List<Cid> ContentsOf(IEnumerable<Digest256> messages)
    {
        lock (_channel.Gate)
        {
            return [.. messages.SelectMany(digest =>
                _channel.Follower.Messages.Find(in digest)?.Content.Blocks ?? []).Distinct()];
        }
    }

    /// <summary>Fetches blocks that are not here, and what they link to; each is hashed.</summary>
    private async Task<long> Fetch(HttpClient server, List<Cid> wanted, CancellationToken cancel)
    {
        long count = 0;
        var open = new Stack<Cid>(wanted);
        while (open.TryPop(out Cid cid))
        {
            if (_channel.Store.Contains(cid)) continue;
            using HttpResponseMessage answer = await server.GetAsync(AddressOf(cid),
                HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.NotFound) continue;
            _ = answer.EnsureSuccessStatusCode();
            if (answer.Content.Headers.ContentLength > MaxAnswer)
                throw new ArrowCidException(ErrorCode.TooLarge, $"{cid} has over {MaxAnswer} bytes; copy it");
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, cancel).ConfigureAwait(false);
            byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            if (Cid.Sha256(cid.Codec, bytes) != cid)
                throw new ArrowCidException(ErrorCode.InvalidData, $"{server.BaseAddress}: the bytes are not {cid}");
            if (cid.Codec == Multicodec.Raw) _ = _channel.Store.PutRaw(bytes);
            else _ = _channel.Store.Putting.PutOfCodec(cid.Codec, bytes, 0);
            count++;
            foreach (Cid link in LinksOf(cid, bytes)) open.Push(link);
        }

        return count;
    }

    /// <summary>Stores blocks in a server that lacks them, what they need first.</summary>
    private async Task Push(HttpClient server, List<Cid> contents, CancellationToken cancel)
    {
        foreach (Cid content in contents.Where(_channel.Store.Contains))
        {
            List<Digest256> needed = BlockNeeds.Closure(_channel.Store.Blocks, RegistryPins.DigestOf(content));
            for (int i = needed.Count - 1; i >= 0; i--)
            {
                using RecordLease? lease = _channel.Store.Blocks.Find(needed[i]);
                if (lease is null) continue;
                var cid = Cid.FromSha256(lease.Info.Codec, needed[i]);
                using var ask = new HttpRequestMessage(HttpMethod.Head, AddressOf(cid));
                using HttpResponseMessage known = await server.SendAsync(ask, cancel).ConfigureAwait(false);
                if (known.IsSuccessStatusCode) continue;
                using var body = new ByteArrayContent(lease.Memory.ToArray());
                body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                using HttpResponseMessage put = await server.PutAsync(
                    new Uri($"/v1/blocks/{cid}", UriKind.Relative), body, cancel).ConfigureAwait(false);
                _ = put.EnsureSuccessStatusCode();
            }
        }
    }

    private static Uri AddressOf(Cid cid) => new($"/ipfs/{cid}?format=raw", UriKind.Relative);

    private static List<Cid> LinksOf(Cid cid, byte[] bytes)
    {
        var links = new List<IpldLink>();
        try
        {
            if (cid.Codec is Multicodec.DagCbor or Multicodec.DagPb) IpldLinks.Collect(cid.Codec, bytes, links);
        }
        catch (InvalidIpldException)
        {
            // The bytes are what their CID says, whatever that is.
        }

        return [.. links.Select(link => link.Block.IsDefault ? link.Target : link.Block)
            .Where(link => link.TryGetSha256(out _))];
    }
}
