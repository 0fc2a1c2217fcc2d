using System.Buffers.Binary;
using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The results of a store, by call.</summary>
internal static class MemoTable
{
    // Who waits for another's result looks so often, in ms: when a process dies, the next one begins within it.
    private const int MaxPause = 20;

    /// <summary>The result of a call; null where there is none, or its value is not stored here.</summary>
    public static StoredResult? Find(CidStore store, Cid call)
    {
        BlockProof.ThrowIfDefault(call);
        return call.TryGetSha256(out Digest256 digest) && store.Registry.Results.Find(in digest) is { } result &&
            IsHere(store, result.Value) ? result : null;
    }

    /// <summary>Finds the result of a call, or takes the right to compute it, which may take until another caller has
    /// computed it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The call.</param>
    /// <param name="most">How long it waits for another caller.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>A result, or work to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another caller was still at it.</exception>
    public static (StoredResult? Result, MemoWork? Work) Begin(CidStore store, CallKey key, TimeSpan most,
        CancellationToken cancel = default)
    {
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; ; pause = Math.Min((2 * pause) + 1, MaxPause))
        {
            cancel.ThrowIfCancellationRequested();
            if (Try(store, key) is { } found) return found;
            ThrowIfLate(key, started, most);
            if (cancel.CanBeCanceled) _ = cancel.WaitHandle.WaitOne(pause);
            else Thread.Sleep(pause);
        }
    }

    /// <summary>As <see cref="Begin"/>, without a thread that waits.</summary>
    public static async ValueTask<(StoredResult? Result, MemoWork? Work)> BeginAsync(CidStore store, CallKey key,
        TimeSpan most, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        for (int pause = 1; ; pause = Math.Min(2 * pause, MaxPause))
        {
            cancel.ThrowIfCancellationRequested();
            if (Try(store, key) is { } found) return found;
            ThrowIfLate(key, started, most);
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The results that pass, with their calls.</summary>
    public static IEnumerable<MemoEntry> List(CidStore store) => store.Registry.Results.List()
        .Where(result => IsHere(store, result.Value))
        .Select(result => new MemoEntry(result, CallOf(store, result.Call)));

    /// <summary>The key of a block that may be a call.</summary>
    public static Cid CidOf(ReadOnlySpan<byte> block) => Cid.FromSha256(Multicodec.DagCbor, Sha256.Hash(block));

    /// <summary>The calls with results that have the function and the arguments of a call among theirs; of all versions
    /// where that has none.</summary>
    public static Cid[] Matching(CidStore store, CallKey wanted) =>
    [
        .. store.Registry.Results.List()
            // The tag spares a look at the calls of other functions.
            .Where(result => result.Tags.GetValueOrDefault(MemoWork.FunctionTag, wanted.Function) == wanted.Function)
            .Select(result => result.Call)
            .Where(call => CallOf(store, call) is { } key && key.Function == wanted.Function &&
                (wanted.Version.Length == 0 || key.Version == wanted.Version) &&
                HasArguments(key, wanted.Parameters, wanted.Inputs)),
    ];

    /// <summary>Whether a call has these arguments among its own.</summary>
    public static bool HasArguments(CallKey key, IpldNode parameters, IReadOnlyDictionary<string, Cid> inputs) =>
        parameters.Entries.All(pair => key.Parameters[pair.Key] is { } value && value.Equals(pair.Value)) &&
        inputs.All(pair => key.Inputs.TryGetValue(pair.Key, out Cid cid) && cid == pair.Value);

    /// <summary>The call of a block; null where it is not stored here.</summary>
    public static CallKey? CallOf(CidStore store, Cid call)
    {
        try
        {
            return store.Reading.ReadBlock(call) is { } block ? CallKey.Decode(block) : null;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt
            or ErrorCode.AccessDenied)
        {
            return null;
        }
    }

    private static (StoredResult? Result, MemoWork? Work)? Try(CidStore store, CallKey key)
    {
        if (Find(store, key.Cid) is { } before) return (before, null);
        store.Blocks.EnterToWrite();
        // Before anything is computed that could not be kept.
        store.Registry.Facts.ThrowIfRing("a result");
        _ = key.Cid.TryGetSha256(out Digest256 digest);
        IDisposable? held =
            store.Blocks.Coordination.TryLockCall(BinaryPrimitives.ReadUInt64LittleEndian(Digest256.Bytes(in digest)));
        if (held is null) return null;
        try
        {
            // The one that had the lock may have stored the result.
            if (Find(store, key.Cid) is { } after)
            {
                held.Dispose();
                return (after, null);
            }

            return (null, new MemoWork(store, key, held));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static bool IsHere(CidStore store, Cid value)
    {
        try
        {
            return store.Contains(value);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private static void ThrowIfLate(CallKey key, long started, TimeSpan most)
    {
        if (most < TimeSpan.Zero || Stopwatch.GetElapsedTime(started) < most) return;
        throw new ArrowCidException(ErrorCode.Busy, $"'{key.Function}' is being computed by another caller")
        {
            Remedy = new Remedy(RemedyKind.Retry),
        };
    }
}
