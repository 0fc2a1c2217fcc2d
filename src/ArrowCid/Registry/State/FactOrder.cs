using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Orders of values, for words of one stamp.</summary>
internal static class FactOrder
{
    public static int OfTexts(string? left, string? right) =>
        left is null || right is null ? (left is null ? 0 : 1) - (right is null ? 0 : 1)
            : IpldText.CompareBytes(left, right);

    public static int OfNumbers(ulong? left, ulong? right) => Nullable.Compare(left, right);

    public static int OfFlags(bool left, bool right) => left.CompareTo(right);

    public static int OfTextLists(string[] left, string[] right) => OfLists(left, right, OfTexts);

    public static int OfCidLists(Cid[] left, Cid[] right) =>
        OfLists(left, right, static (one, other) => one.CompareTo(other));

    public static int OfCopies(CopyState? left, CopyState? right)
    {
        if (left is null || right is null) return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        int order = OfTexts(left.Form, right.Form);
        if (order == 0) order = left.Bytes.CompareTo(right.Bytes);
        if (order == 0) order = left.Kind.CompareTo(right.Kind);
        if (order == 0) order = left.Rows.CompareTo(right.Rows);
        return order != 0 ? order : Nullable.Compare(left.Schema, right.Schema);
    }

    public static int OfCids(Cid? left, Cid? right) => Nullable.Compare(left, right);

    public static int OfMessages(MessageState? left, MessageState? right)
    {
        if (left is null || right is null) return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        int order = left.Channel.CompareTo(right.Channel);
        if (order == 0) order = left.At.CompareTo(right.At);
        Digest256 one = left.Writer, other = right.Writer;
        if (order == 0) order = Digest256.Bytes(in one).SequenceCompareTo(Digest256.Bytes(in other));
        if (order == 0) order = left.Run.CompareTo(right.Run);
        return order != 0 ? order : left.Sequence.CompareTo(right.Sequence);
    }

    public static int OfConsumers(ConsumerState? left, ConsumerState? right)
    {
        if (left is null || right is null) return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        int order = left.Cursor.AsSpan().SequenceCompareTo(right.Cursor);
        return order != 0 ? order : left.Ahead.AsSpan().SequenceCompareTo(right.Ahead);
    }

    public static int OfBeats(BeatState? left, BeatState? right)
    {
        if (left is null || right is null) return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        int order = left.At.CompareTo(right.At);
        return order != 0 ? order : OfCidLists(left.Heads, right.Heads);
    }

    public static int OfNodes(IpldNode left, IpldNode right) =>
        DagCbor.Encode(left).AsSpan().SequenceCompareTo(DagCbor.Encode(right));

    private static int OfLists<T>(T[] left, T[] right, Comparison<T> compare)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            if (compare(left[i], right[i]) is not 0 and var order) return order;
        }

        return left.Length.CompareTo(right.Length);
    }
}
