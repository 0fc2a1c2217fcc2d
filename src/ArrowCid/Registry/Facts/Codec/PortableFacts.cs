using System.Buffers;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>
/// Takes out of a record of facts what means something in its own store alone: holds, which are of its control file's
/// bytes, drops, which are of its lanes' numbers, what is logged of those, and how far its syncs and consumers are.
/// All else stays byte for byte, later kinds too.
/// </summary>
internal static class PortableFacts
{
    /// <summary>What of a payload another store can take.</summary>
    /// <param name="payload">The payload of a FACT record.</param>
    /// <returns>The payload itself where nothing was taken out, null where nothing is left, or where all of it is
    /// void.</returns>
    public static byte[]? Extract(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new DagCborReader(payload);
            var groups = new List<byte[]>();
            bool isWhole = true;
            for (int left = reader.BeginList(); left > 0; left--)
            {
                if (SiftGroup(ref reader, payload, ref isWhole) is { } group) groups.Add(group);
            }

            reader.End();
            if (groups.Count == 0) return null;
            return isWhole ? payload.ToArray() : ListOf(groups);
        }
        catch (InvalidIpldException)
        {
            // Void, as it was in its own store.
            return null;
        }
    }

    private static byte[]? SiftGroup(ref DagCborReader reader, ReadOnlySpan<byte> payload, ref bool isWhole)
    {
        int start = reader.Position;
        if (reader.BeginList() != 3) throw DagCborReader.Refuse("a group has a time, a writer and facts", start);
        int stamp = reader.Position;
        _ = reader.ReadUInt64();
        _ = reader.ReadBytes();
        ReadOnlySpan<byte> stampBytes = payload[stamp..reader.Position];
        var facts = new List<byte[]>();
        int count = reader.BeginList();
        for (int left = count; left > 0; left--)
        {
            int at = reader.Position;
            reader.Skip(3);
            ReadOnlySpan<byte> fact = payload[at..reader.Position];
            if (!IsOfItsStore(fact)) facts.Add(fact.ToArray());
        }

        if (facts.Count == count) return payload[start..reader.Position].ToArray();
        isWhole = false;
        if (facts.Count == 0) return null;
        var group = new ArrayBufferWriter<byte>();
        WriteList(group, 3);
        group.Write(stampBytes);
        group.Write(ListOf(facts));
        return group.WrittenSpan.ToArray();
    }

    private static bool IsOfItsStore(ReadOnlySpan<byte> fact)
    {
        var reader = new DagCborReader(fact);
        if (reader.PeekKind() != IpldKind.List || reader.BeginList() == 0) return false;
        return reader.PeekKind() == IpldKind.Integer &&
            reader.ReadInteger() is (false, (ulong)FactKind.Hold or (ulong)FactKind.Drop or (ulong)FactKind.Removal or
                (ulong)FactKind.Sync or (ulong)FactKind.Consumer or (ulong)FactKind.Damaged);
    }

    private static byte[] ListOf(List<byte[]> items)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteList(output, items.Count);
        foreach (byte[] item in items) output.Write(item);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteList(ArrayBufferWriter<byte> output, int count) =>
        output.Advance(CborHead.Write(output.GetSpan(CborHead.MaxLength), CborHead.List, (ulong)count));
}
