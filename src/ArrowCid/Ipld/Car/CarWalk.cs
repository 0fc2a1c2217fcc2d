using System.Collections;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// Goes from an archive's roots to all that they lead to: what is missing, what nothing leads to, and an order in which
/// every block comes after those that it links to.
/// </summary>
internal static class CarWalk
{
    /// <summary>Walks, and adds what it finds to the archive's report.</summary>
    /// <param name="contents">The archive.</param>
    /// <param name="isElsewhere">Whether a block that is not here is somewhere else, and not missing.</param>
    /// <returns>The blocks that the roots lead to, children first; then those that none leads to, likewise.</returns>
    public static List<int> ChildrenFirst(CarContents contents, Predicate<Cid>? isElsewhere = null)
    {
        var order = new List<int>();
        var seen = new BitArray(contents.Blocks.Count);
        var missing = new HashSet<Cid>();
        foreach (Cid root in contents.Report.Roots)
        {
            int index = contents.Find(root);
            if (index >= 0) Walk(contents, index, seen, order, missing, isElsewhere);
        }

        int reached = order.Count;
        for (int i = 0; i < contents.Blocks.Count; i++)
        {
            CarSection block = contents.Blocks[i];
            if (seen[i] || contents.Find(block.Cid) != i) continue;
            contents.Report.AddOrphan(block.Cid);
            Walk(contents, i, seen, order, null, null);
        }

        // An orphan that another one leads to is one all the same.
        contents.Report.OrphanCount = order.Count - reached;
        return order;
    }

    private static void Walk(CarContents contents, int root, BitArray seen, List<int> order,
        HashSet<Cid>? missing, Predicate<Cid>? isElsewhere)
    {
        if (seen[root]) return;
        seen[root] = true;
        var open = new Stack<(int Block, List<IpldLink> Links, int Next)>();
        open.Push((root, contents.LinksOf(root), 0));
        while (open.TryPop(out (int Block, List<IpldLink> Links, int Next) at))
        {
            if (at.Next == at.Links.Count)
            {
                order.Add(at.Block);
                continue;
            }

            IpldLink link = at.Links[at.Next];
            open.Push(at with { Next = at.Next + 1 });
            int child = Target(contents, link);
            // The pieces of a column manifest are ranges of its batch.
            Cid batch = child < 0 ? contents.BatchOf(at.Block) : default;
            if (!batch.IsDefault) child = contents.Find(batch);
            if (child < 0)
            {
                bool isThere = link.Target.Hash.Code == Multicodec.Identity ||
                    IsElsewhere(link.Target) || IsElsewhere(link.Block) || IsElsewhere(batch);
                if (!isThere && missing?.Add(link.Target.ToV1()) == true) contents.Report.AddMissing(link.Target);
            }
            else if (!seen[child])
            {
                seen[child] = true;
                open.Push((child, contents.LinksOf(child), 0));
            }
        }

        bool IsElsewhere(Cid cid) => !cid.IsDefault && isElsewhere?.Invoke(cid.ToV1()) == true;
    }

    /// <summary>What a link leads to; of a block of several forms, whichever is there. -1 where none is.</summary>
    public static int Target(CarContents contents, IpldLink link)
    {
        int target = contents.Find(link.Target);
        if (target >= 0 || link.Block.IsDefault) return target;
        int block = contents.Find(link.Block);
        return block >= 0 ? block : contents.ManifestOf(link.Block);
    }
}
