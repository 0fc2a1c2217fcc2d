using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Server.Access;

/// <summary>
/// The changes that one caller may make where that depends on what is stored. A caller with the scope <c>put</c> may
/// create names that do not exist, and may give an expiry to blocks that its own put creates. Moving and removing
/// names, names that begin with <see cref="AccessRules.ReservedPrefix"/>, pins and every other expiry need
/// <c>admin</c>.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="scope">The caller's scope, at least <see cref="AccessScope.Put"/>.</param>
/// <param name="refused">Counts and logs a refusal.</param>
internal sealed class CallerRights(CidStore store, AccessScope scope, Action refused)
{
    // The blocks with an expiry that this caller's puts have created.
    private readonly HashSet<Cid> _created = [];

    private bool IsAdmin => scope >= AccessDecision.Least(AccessRules.NeedOf(AccessOperation.ChangeName));

    /// <summary>Refuses, before anything is stored, a put whose name or pin the caller may not set.</summary>
    /// <param name="name">The name; null for none.</param>
    /// <param name="isPinned">Whether the put pins.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>; <see
    /// cref="ErrorCode.InvalidArgument"/>: it is not a name.</exception>
    public void RequirePut(string? name, bool isPinned)
    {
        if (name is not null && FactRules.OfName(name) is { } fault)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed");
        if (IsAdmin) return;
        if (isPinned) throw Refused("pinning a block");
        if (name is null) return;
        if (IsReserved(name)) throw Refused(ChangeOfReserved(name));
        if (store.Names.Resolve(name) is not null) throw Refused(ChangeOf(name));
    }

    /// <summary>Refuses an expiry on blocks that are stored already.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>.</exception>
    public void RequireExpiry(Cid cid)
    {
        if (!IsAdmin && store.Contains(cid) && !store.Proofs.IsRemoved(cid)) throw Refused(ExpiryOf(cid));
    }

    /// <summary>Changes a name in one step.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block; null removes the name.</param>
    /// <param name="expected">What the name must point to.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>, and those of
    /// <see cref="StoreNames.Set(string, Cid?, Cid?)"/>.</exception>
    public NameChange? SetName(string name, Cid? cid, NameExpectation expected)
    {
        if (IsAdmin)
        {
            if (!expected.IsAny) return store.Names.Set(name, cid, expected.Cid);
            if (cid is { } target) return store.Names.Set(name, target);
            _ = store.Names.Remove(name);
            return null;
        }

        if (IsReserved(name)) throw Refused(ChangeOfReserved(name));
        if (cid is null || expected is { IsAny: false, Cid: not null }) throw Refused(ChangeOf(name));
        try
        {
            // The comparison and the change are one step, so that no other caller's name is moved.
            return store.Names.Set(name, cid, expected: null);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.NameExists)
        {
            throw Refused(ChangeOf(name), e);
        }
    }

    /// <summary>Stores a batch with its metadata.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="expected">The CID that it must have; the default: any.</param>
    /// <param name="options">The metadata, or null.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: nothing was stored, unless the name
    /// was created by another caller during the put. The message then has the CID of the block, which stays
    /// stored.</exception>
    public PutResult Put(RecordBatch batch, Cid expected, PutOptions? options) =>
        PutBatch((granted, mustBeNew) => store.Putting.PutExpected(batch, expected, granted, mustBeNew), options);

    /// <summary>Stores an encoded batch with its metadata.</summary>
    /// <inheritdoc cref="Put(RecordBatch, Cid, PutOptions?)"/>
    public PutResult Put(SpooledBatch batch, PutOptions? options) =>
        PutBatch((granted, mustBeNew) => store.Putting.PutSpooled(batch, granted, mustBeNew), options);

    /// <summary>Stores a block in another way, with metadata for which <see cref="MustCreate"/> is false.</summary>
    /// <param name="put">Puts with the metadata that it is given.</param>
    /// <param name="options">The metadata, or null.</param>
    public PutResult Put(Func<PutOptions?, PutResult> put, PutOptions? options)
    {
        store.Places.Gauge.ThrowIfOver();
        bool isThrough = store.Places.WritesThrough;
        bool isPlain = options is null || IsAdmin || options is { Name: null, Pin: false };
        if (isPlain && !isThrough) return Counted(put(options));
        if (!isPlain) RequirePut(options!.Name, options.Pin);
        PutResult result = Counted(put(options?.WithName(null)));
        // The name is given last: where it is seen, the block is at the places.
        if (isThrough) store.Places.CopyThrough([result.Cid]);
        if (options?.Name is not { } name) return result;
        if (IsAdmin) _ = store.Names.Set(name, result.Cid);
        else NameNew(name, result.Cid);
        return result;
    }

    private PutResult Counted(PutResult put)
    {
        if (put.IsNew) store.Places.Gauge.Add(put.ByteLength);
        return put;
    }

    /// <summary>Whether a put with this metadata is allowed only where it creates the block.</summary>
    public bool MustCreate(PutOptions? options) =>
        !IsAdmin && options is not (null or { Expires: null, ExpiresAfter: null });

    /// <summary>Gives a block that was just put a name that did not exist when the put began.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: another caller has created the name
    /// since. The message has the block's CID.</exception>
    private void NameNew(string name, Cid cid)
    {
        try
        {
            _ = store.Names.Set(name, cid, expected: null);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.NameExists)
        {
            throw Refused(ChangeOf(name), e, $"; the batch was stored without the name, as {cid}");
        }
    }

    private PutResult PutBatch(Func<PutOptions?, bool, PutResult> put, PutOptions? options) =>
        Put(MustCreate(options) ? granted => PutExpiring(put, granted!) : granted => put(granted, false), options);

    /// <summary>Stores a batch together with its expiry, which only the put that creates the block may set.</summary>
    private PutResult PutExpiring(Func<PutOptions?, bool, PutResult> put, PutOptions options)
    {
        try
        {
            PutResult result = put(options, true);
            _ = _created.Add(result.Cid);
            return result;
        }
        catch (BlockExistsException e)
        {
            // A batch may occur twice in one request, and the bytes of a removed block may still be stored.
            if (!_created.Contains(e.Cid) && !store.Proofs.IsRemoved(e.Cid)) throw Refused(ExpiryOf(e.Cid), e);
            _ = _created.Add(e.Cid);
            return put(options, false);
        }
    }

    /// <summary>Sets metadata of a block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>, and those of
    /// <see cref="StoreMetadata.Set(Cid, BlockMetadata)"/>.</exception>
    public void Annotate(Cid cid, BlockMetadata facts)
    {
        if (!IsAdmin && facts is not { Expires: null, ExpiresAfter: null }) throw Refused(ExpiryOf(cid));
        store.Metadata.Set(cid, facts);
    }

    private static bool IsReserved(string name) =>
        name.StartsWith(AccessRules.ReservedPrefix, StringComparison.Ordinal);

    private static string ChangeOf(string name) => $"changing the name '{name}', which exists or is expected to,";

    private static string ChangeOfReserved(string name) =>
        $"changing the name '{name}', which is one of ArrowCid's own settings,";

    private static string ExpiryOf(Cid cid) => $"setting the expiry of {cid}, which this put did not create,";

    private ArrowCidException Refused(string change, Exception? inner = null, string more = "")
    {
        refused();
        return new ArrowCidException(ErrorCode.AccessDenied,
            $"{change} needs the scope admin; this caller has {AccessDecision.Text(scope)}{more}", inner);
    }
}
