using System.Collections.Concurrent;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The protocol by which a block and its schema survive a sweep together: the schema is put first, so that a reader
/// that learns of the block can get its schema too, and again after the block where a sweep that did not see the block
/// may have removed it meanwhile.
/// </summary>
internal sealed class SchemaBlocks(BlockStore store)
{
    // The table forgets everything rather than grow without end: it only saves work.
    private const int MostKnown = 1 << 16;

    // Schemas that this handle has put or seen in the store, and the sweep word before: while that is what it was,
    // no schema was removed, and none is put again.
    private readonly ConcurrentDictionary<Digest256, ulong> _known = new();

    // The damage that was recorded when they were looked at.
    private ulong _damage;

    /// <summary>Puts a schema, before blocks that need it.</summary>
    /// <returns>The sweep word before, for <see cref="Keep(CanonicalSchema, ulong)"/> after the blocks.</returns>
    public ulong Put(CanonicalSchema schema)
    {
        ulong sweep = store.Coordination.ReadSweep();
        Put(schema, sweep);
        return sweep;
    }

    /// <summary>Puts several schemas, before blocks that need them.</summary>
    /// <returns>As for one.</returns>
    public ulong Put(IEnumerable<CanonicalSchema> schemas)
    {
        ulong sweep = store.Coordination.ReadSweep();
        foreach (CanonicalSchema schema in schemas) Put(schema, sweep);
        return sweep;
    }

    /// <summary>Puts a schema again, after the blocks that need it, where a sweep may have removed it.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="sweep">The sweep word before the blocks were put.</param>
    public void Keep(CanonicalSchema schema, ulong sweep)
    {
        if (MayHaveSwept(sweep, out ulong now)) Put(schema, now);
    }

    /// <summary>As the other, for several schemas.</summary>
    public void Keep(IEnumerable<CanonicalSchema> schemas, ulong sweep)
    {
        if (!MayHaveSwept(sweep, out ulong now)) return;
        foreach (CanonicalSchema schema in schemas) Put(schema, now);
    }

    /// <summary>Puts blocks in any way, with the schema that they need before and, if need be, after them.</summary>
    public T PutUnder<T>(CanonicalSchema schema, Func<T> put)
    {
        ulong sweep = Put(schema);
        T result = put();
        Keep(schema, sweep);
        return result;
    }

    /// <summary>Whether a schema is in the store whole, and no sweep can have removed it since the store was made.
    /// </summary>
    public bool IsLasting(CanonicalSchema schema, ulong sweep) => sweep == 0 && IsWhole(schema);

    private bool MayHaveSwept(ulong before, out ulong now)
    {
        now = store.Coordination.ReadSweep();
        return now != before || (now & 1) != 0;
    }

    private void Put(CanonicalSchema schema, ulong sweep)
    {
        bool isSweeping = (sweep & 1) != 0;
        ulong damage = store.Damages.Damaged.Version;
        if (Interlocked.Exchange(ref _damage, damage) != damage) _known.Clear();
        if (!isSweeping && _known.TryGetValue(schema.Digest, out ulong seen) && seen == sweep) return;
        // Where nothing was ever removed, what is known stays, if it is what it should be.
        if (sweep != 0 || !IsWhole(schema)) _ = store.Put(SchemaBlock.RequestOf(schema), out _);
        if (isSweeping) return;
        if (_known.Count >= MostKnown) _known.Clear();
        _known[schema.Digest] = sweep;
    }

    /// <summary>A schema whose record cannot be read is put again, like one that is absent.</summary>
    private bool IsWhole(CanonicalSchema schema)
    {
        try
        {
            using RecordLease? known = store.Find(schema.Digest);
            return known is not null && known.Memory.Span.SequenceEqual(schema.Message);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }
}
