namespace ArrowCid;

/// <summary>The calls that are being computed around the code that runs: a call within itself would wait for its own
/// result for ever.</summary>
/// <param name="Directory">The store.</param>
/// <param name="Call">The CID of the call.</param>
/// <param name="Outer">The call around it; null where there is none.</param>
internal sealed record ComputingCall(string Directory, Cid Call, ComputingCall? Outer)
{
    private static readonly AsyncLocal<ComputingCall?> s_current = new();

    /// <summary>Throws where a call is being computed around the code that runs.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is.</exception>
    public static void ThrowIfWithin(CidStore store, CallKey key)
    {
        for (ComputingCall? each = s_current.Value; each is not null; each = each.Outer)
        {
            if (each.Call != key.Cid || each.Directory != store.Directory) continue;
            // The code around may have recorded one.
            if (MemoTable.Find(store, key.Cid) is not null) return;
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{key.Function}' calls itself with the same arguments while it computes, and would wait for its " +
                "own result; change the arguments, or call the function that is not cached");
        }
    }

    /// <summary>Has a call computed by the code that the caller runs from now on.</summary>
    public static void Enter(CidStore store, CallKey key) =>
        s_current.Value = new ComputingCall(store.Directory, key.Cid, s_current.Value);
}
