using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using ArrowCid.Transfer.Backends;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Client;

/// <summary>Blocks of any kind, by the actions of the server.</summary>
public sealed partial class CidClient
{
    // The server takes requests of 16 MiB.
    private const int MostAsked = 100_000, MostOfBlock = (16 << 20) - 1024;

    // A length is only a claim until its bytes have come.
    private const int FirstBytes = 1 << 20, MostBytes = int.MaxValue - 1023;

    /// <summary>Fetches the bytes of a block; the caller proves them.</summary>
    /// <returns>Null where the server does not have it.</returns>
    internal async Task<ReadOnlyMemory<byte>?> TryGetBlockAsync(Cid cid, CancellationToken cancel)
    {
        CidStore? local = await _local.Value.WaitAsync(cancel).ConfigureAwait(false);
        if (local is not null && CopyLocal(local, cid) is { } own) return own;
        try
        {
            using AsyncServerStreamingCall<Result> call =
                Act("get-block", ByteString.CopyFromUtf8(cid.ToString()), Options(cancel, _options.Timeout));
            if (!await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false)) throw NoAnswer("get-block");
            long claimed = LengthOf(call.ResponseStream.Current.Body);
            byte[] bytes = new byte[Math.Min(claimed, FirstBytes)];
            int have = 0;
            while (await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false))
            {
                ReadOnlySpan<byte> piece = call.ResponseStream.Current.Body.Span;
                if (have + (long)piece.Length > claimed)
                    throw new ArrowCidException(ErrorCode.InvalidData, $"the server sends more of {cid} than it said");
                if (have + piece.Length > bytes.Length)
                    Array.Resize(ref bytes, (int)Math.Min(claimed, Math.Max(2L * bytes.Length, have + piece.Length)));
                piece.CopyTo(bytes.AsSpan(have));
                have += piece.Length;
            }

            return bytes.AsMemory(0, have);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancel);
        }
    }

    /// <summary>Finds which blocks the server has.</summary>
    internal async Task<bool[]> ContainsManyAsync(IReadOnlyList<Cid> cids, CancellationToken cancel)
    {
        var found = new bool[cids.Count];
        for (int from = 0; from < found.Length; from += MostAsked)
        {
            Cid[] some = [.. cids.Skip(from).Take(MostAsked)];
            HashSet<string> missing = await MissingOfAsync(some, cancel).ConfigureAwait(false);
            for (int i = 0; i < some.Length; i++) found[from + i] = !missing.Contains(some[i].ToString());
        }

        return found;
    }

    /// <summary>Stores a block whose bytes are proved.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a block that is no batch is over 16 MiB;
    /// others as the server gave them.</exception>
    internal async Task PutBlockAsync(BlockLease block, CancellationToken cancel)
    {
        if (block.Bytes.Length > MostOfBlock)
        {
            _ = await PutAsync(BatchOf(block), options: null, cancel).ConfigureAwait(false);
            return;
        }

        byte[] head = Encoding.ASCII.GetBytes($"{block.Cid}\n"), body = new byte[head.Length + block.Bytes.Length];
        head.CopyTo(body, 0);
        block.Bytes.CopyTo(body.AsMemory(head.Length));
        try
        {
            using AsyncServerStreamingCall<Result> call =
                Act("put-block", UnsafeByteOperations.UnsafeWrap(body), Options(cancel, _options.Timeout));
            if (!await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false)) throw NoAnswer("put-block");
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancel);
        }
    }

    /// <summary>Removes a block. Nothing happens where the server does not have it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: the token is not of the scope admin;
    /// others as the server gave them, where something keeps the block.</exception>
    internal async Task RemoveBlockAsync(Cid cid, CancellationToken cancel)
    {
        try
        {
            using AsyncServerStreamingCall<Result> call =
                Act("remove", ByteString.CopyFromUtf8(cid.ToString()), Options(cancel, _options.Timeout));
            if (!await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false)) throw NoAnswer("remove");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // It is gone already.
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancel);
        }
    }

    /// <summary>Lists the blocks that the server has, of every kind.</summary>
    internal async IAsyncEnumerable<Cid> ListBlocksAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using AsyncServerStreamingCall<Result> call = Act("list-blocks", ByteString.Empty, Options(cancel));
        while (await NextAsync(call, cancel).ConfigureAwait(false))
        {
            foreach (Cid cid in CidsOf(call.ResponseStream.Current.Body, "cids")) yield return cid;
        }
    }

    private static byte[]? CopyLocal(CidStore local, Cid cid)
    {
        try
        {
            using BlockBackend store = local.Transfer.AsBackend();
            using BlockLease? block = store.TryGet(cid);
            return block?.Bytes.ToArray();
        }
        catch (ArrowCidException)
        {
            // The server may have another copy, and its errors are its own.
            return null;
        }
    }

    private async Task<HashSet<string>> MissingOfAsync(Cid[] cids, CancellationToken cancel)
    {
        try
        {
            byte[] body = Encoding.ASCII.GetBytes(
                $"{{\"cids\":[{string.Join(',', cids.Select(cid => $"\"{cid}\""))}]}}");
            using AsyncServerStreamingCall<Result> call =
                Act("find-missing", UnsafeByteOperations.UnsafeWrap(body), Options(cancel, _options.Timeout));
            if (!await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false)) throw NoAnswer("find-missing");
            return [.. CidsOf(call.ResponseStream.Current.Body, "missing").Select(cid => cid.ToString())];
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancel);
        }
    }

    /// <summary>Runs an action, and gives its results.</summary>
    internal async IAsyncEnumerable<ByteString> ActAsync(string action, ByteString body,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        using AsyncServerStreamingCall<Result> call = Act(action, body, Options(cancel));
        while (await NextAsync(call, cancel).ConfigureAwait(false)) yield return call.ResponseStream.Current.Body;
    }

    private AsyncServerStreamingCall<Result> Act(string action, ByteString body, CallOptions options) =>
        _calls.DoAction(new Flight.Protocol.Action { Type = action, Body = body }, options);

    private static RecordBatch BatchOf(BlockLease block)
    {
        try
        {
            return block.ReadView();
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.SchemaMismatch or ErrorCode.NotCanonical)
        {
            throw new ArrowCidException(ErrorCode.TooLarge, $"{block.Cid} has {block.Bytes.Length} bytes; over " +
                "Flight a block that is no batch has 16 MiB at most", e);
        }
    }

    private static long LengthOf(ByteString head)
    {
        long length = head.Length == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(head.Span) : -1;
        return length is >= 0 and <= MostBytes
            ? length
            : throw new ArrowCidException(ErrorCode.InvalidData, "the server does not say how long the block is");
    }

    private static List<Cid> CidsOf(ByteString json, string member)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Memory);
            return [.. document.RootElement.GetProperty(member).EnumerateArray()
                .Select(each => Cid.Parse(each.GetString()!))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or ArgumentNullException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"the server does not answer with CIDs: {e.Message}", e);
        }
    }

    private static ArrowCidException NoAnswer(string action) =>
        new(ErrorCode.InvalidData, $"the server does not answer the action {action}");
}
