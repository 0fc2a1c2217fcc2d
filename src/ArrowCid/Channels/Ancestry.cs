using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>Walks over the graph of messages. Times fall along every link to a parent, so that a walk by falling times
/// meets a message after all that come after it.</summary>
internal static class Ancestry
{
    /// <summary>The messages at or before some that are not at or before others, in the order of times and
    /// digests.</summary>
    /// <param name="source">The messages.</param>
    /// <param name="wanted">Where to begin. What is not here is left out.</param>
    /// <param name="known">What the result ends at. What is not here is left out.</param>
    /// <param name="most">The maximum number of the result, which has the oldest ones then.</param>
    public static List<(Digest256 Digest, ulong At)> Difference(IMessageSource source,
        IEnumerable<Digest256> wanted, IEnumerable<Digest256> known, int most = int.MaxValue)
    {
        var isKnown = new Dictionary<Digest256, bool>();
        var queue = new PriorityQueue<MessageBlock, (ulong, Digest256)>(NewestFirst.Instance);
        int open = 0;
        foreach (Digest256 digest in known) Push(in digest, flag: true);
        foreach (Digest256 digest in wanted) Push(in digest, flag: false);
        var found = new List<(Digest256, ulong)>();
        while (open > 0 && queue.TryDequeue(out MessageBlock? message, out _))
        {
            bool flag = isKnown[message.Digest];
            if (!flag)
            {
                open--;
                found.Add((message.Digest, message.At));
            }

            foreach (Digest256 parent in message.Parents) Push(in parent, flag);
        }

        found.Reverse();
        if (found.Count > most) found.RemoveRange(most, found.Count - most);
        return found;

        void Push(in Digest256 digest, bool flag)
        {
            if (isKnown.TryGetValue(digest, out bool before))
            {
                if (before || !flag) return;
                isKnown[digest] = true;
                open--;
                return;
            }

            if (source.Find(in digest) is not { } message) return;
            isKnown.Add(digest, flag);
            queue.Enqueue(message, (message.At, digest));
            if (!flag) open++;
        }
    }

    private sealed class NewestFirst : IComparer<(ulong At, Digest256 Digest)>
    {
        public static readonly NewestFirst Instance = new();

        public int Compare((ulong At, Digest256 Digest) x, (ulong At, Digest256 Digest) y)
        {
            int byTime = y.At.CompareTo(x.At);
            return byTime != 0 ? byTime : MessageBlock.Compare(in y.Digest, in x.Digest);
        }
    }
}
