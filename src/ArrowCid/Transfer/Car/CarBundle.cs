using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;

namespace ArrowCid.Transfer;

/// <summary>Reads evidence bundles (<c>Ipld/MANIFESTS.md</c>) without a store.</summary>
public static class CarBundle
{
    private const int MaxFileBytes = 1 << 26;

    /// <summary>Reads the files that a bundle carries, such as the program that proves it.</summary>
    /// <param name="car">The bundle, which can seek. All of it is hashed.</param>
    /// <returns>The files by their names.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is no bundle, or a block of it does
    /// not hash to its CID, is missing, or is not listed.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadFiles(Stream car)
    {
        ArgumentNullException.ThrowIfNull(car);
        var contents = CarContents.Read(car);
        _ = CarWalk.ChildrenFirst(contents);
        CarReport report = contents.Report;
        if (report.FaultCount > 0) throw Refuse(report.Faults[0].ToString());
        if (report.Roots.Length != 1 || contents.Find(report.Roots[0]) is not (>= 0 and var root) ||
            report.Roots[0].Codec != Multicodec.DagCbor)
        {
            throw Refuse("a bundle has one root, which lists its blocks");
        }

        BundleManifest manifest;
        try
        {
            manifest = BundleManifest.Decode(DagCbor.Decode(contents.ReadBlock(root)));
        }
        catch (InvalidIpldException e)
        {
            throw Refuse(e.Rule);
        }

        var listed = manifest.Blocks.Append(report.Roots[0]).ToHashSet();
        bool isAll = listed.Count == contents.Blocks.Count &&
            contents.Blocks.All(block => listed.Contains(block.Cid));
        if (!isAll) throw Refuse("its blocks are not those that its root lists");
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach ((string name, Cid cid) in manifest.Files)
        {
            int index = contents.Find(cid);
            if (index < 0 || contents.Blocks[index].Length > MaxFileBytes) throw Refuse($"'{name}' is not in it");
            files[name] = contents.ReadBlock(index);
        }

        return files;
    }

    private static ArrowCidException Refuse(string fault) => new(ErrorCode.InvalidData, $"no whole bundle: {fault}");
}
