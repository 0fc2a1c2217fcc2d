using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Store;

/// <summary>Bundles, and CARs that carry signed statements.</summary>
public sealed class BundleTests : IDisposable
{
    private readonly TemporaryStore _folder = new(), _other = new();
    private readonly SigningKey _key = SigningKey.Create();

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void Bundle_has_blocks_schema_parents_statements_and_the_verifier_and_is_the_same_again()
    {
        using CidStore store = Stores.Open(_folder);
        Cid parent = store.Put(Stores.Numbers(1)).Cid;
        Cid cid = store.Put(Stores.Numbers(2), new PutOptions { Parents = [parent], Name = "report", Tags = new Dictionary<string, string?> { ["a"] = "b" } }).Cid;
        SignedStatement signed = store.Signatures.Sign(cid, _key);
        byte[] bytes = Bundle(store, cid);
        Assert.Equal(bytes, Bundle(store, cid));
        var contents = CarContents.Read(new MemoryStream(bytes));
        Cid[] all = [.. contents.Blocks.Select(block => block.Cid)];
        Assert.Superset(new HashSet<Cid>([cid, parent, store.Metadata.Get(cid)!.SchemaCid!.Value, signed.Cid, signed.SignatureCid]), all.ToHashSet());
        Assert.Equal(7, all.Length);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files = CarBundle.ReadFiles(new MemoryStream(bytes));
        Assert.Contains("standard library", System.Text.Encoding.UTF8.GetString(files[StoreSignatures.VerifierName].Span), StringComparison.Ordinal);
        foreach (int at in (int[])[5, bytes.Length / 3, bytes.Length - 1])
        {
            bytes[at] ^= 1;
            Assert.Equal(ErrorCode.InvalidData, Assert.ThrowsAny<ArrowCidException>(() => CarBundle.ReadFiles(new MemoryStream(bytes))).Code);
            bytes[at] ^= 1;
        }

        using CidStore target = Stores.Open(_other);
        CarImport import = target.Transfer.ImportCar(new MemoryStream(bytes));
        Assert.Equal(1, import.Statements);
        Assert.Equal([_key.Id], target.Metadata.Get(cid)!.Signers);
    }

    [Fact]
    public void Bundle_of_a_block_that_is_not_stored_is_refused()
    {
        using CidStore store = Stores.Open(_folder);
        Assert.Equal(ErrorCode.BlockNotFound, Assert.Throws<ArrowCidException>(() => Bundle(store, Cid.Sha256(Multicodec.Raw, "x"u8))).Code);
    }

    [Fact]
    public void Car_carries_the_statements_of_its_blocks_and_none_where_none_is_signed()
    {
        using CidStore store = Stores.Open(_folder), target = Stores.Open(_other);
        Cid[] batches = [.. Enumerable.Range(0, 3).Select(n => store.Put(Stores.Numbers(n)).Cid)];
        Cid dataset = store.Datasets.Put(batches, new PutOptions { Name = "d" }).Cid;
        byte[] plain = Export(store, dataset, new CarExportOptions());
        Assert.Equal(plain, Export(store, dataset, new CarExportOptions { Statements = false }));
        _ = store.Signatures.Sign(dataset, _key);
        _ = store.Signatures.Sign(batches[1], _key);
        Assert.Equal(plain, Export(store, dataset, new CarExportOptions { Statements = false }));
        foreach (CarLayout layout in Enum.GetValues<CarLayout>())
        {
            byte[] car = Export(store, dataset, new CarExportOptions { Layout = layout });
            Assert.Equal(2, target.Transfer.ImportCar(new MemoryStream(car)).Statements);
        }

        Assert.Equal([_key.Id], target.Metadata.Get(dataset)!.Signers);
        Assert.Equal([_key.Id], target.Metadata.Get(batches[1])!.Signers);
        Assert.Empty(target.Metadata.Get(batches[0])!.Signers);
        // No block of the archive is a list that is to be kept.
        Assert.DoesNotContain(target.Query(Filter.Parse("kind = node")), entry => entry.Names.Count > 0);
    }

    [Fact]
    public void Car_with_a_broken_statement_is_refused_whole()
    {
        using CidStore store = Stores.Open(_folder), target = Stores.Open(_other);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        SignedStatement good = store.Signatures.Sign(cid, _key);
        byte[] bad = good.Signature.ToArray();
        bad[^1] ^= 1;
        // Written as a CAR of hashes that are right, with a changed signature.
        byte[] list = ArrowCid.Ipld.StatementList.Encode([(good.Cid, Cid.Sha256(Multicodec.Raw, bad))]);
        using var stream = new MemoryStream();
        Cid root = Cid.Sha256(Multicodec.DagCbor, list);
        var writer = new CarWriter(stream, [root], 1);
        writer.Add(root, list);
        writer.Add(good.Cid, good.Block.Span);
        writer.Add(Cid.Sha256(Multicodec.Raw, bad), bad);
        _ = writer.Finish();
        stream.Position = 0;
        Assert.Equal(ErrorCode.InvalidData, Assert.ThrowsAny<ArrowCidException>(() => target.Transfer.ImportCar(stream)).Code);
        Assert.False(target.Contains(good.Cid));
    }

    [Fact]
    public void Restore_counts_statements_that_hold_and_that_are_broken()
    {
        using CidStore store = Stores.Open(_folder), target = Stores.Open(_other);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        SignedStatement good = store.Signatures.Sign(cid, _key);
        store.Registry.Facts.Append(new SignedFact(cid, good.Cid, store.PutRaw(new byte[111]).Cid));
        var result = store.Transfer.CopyTo(target);
        Assert.Equal((1, 1), (result.StatementsHolding, result.StatementsBroken));
    }

    private static byte[] Bundle(CidStore store, Cid cid)
    {
        using var stream = new MemoryStream();
        CarExport made = store.Signatures.ExportBundle([cid], stream);
        Assert.Equal(stream.Length, made.ByteLength);
        return stream.ToArray();
    }

    private static byte[] Export(CidStore store, Cid cid, CarExportOptions options)
    {
        using var stream = new MemoryStream();
        _ = store.Transfer.ExportCar([cid], stream, options);
        return stream.ToArray();
    }
}
