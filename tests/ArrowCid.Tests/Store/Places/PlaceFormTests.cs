using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Store;

/// <summary>The forms of copies at places.</summary>
public sealed class PlaceFormTests : IDisposable
{
    private readonly TemporaryStore _here = new(), _there = new();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Theory]
    [InlineData(BlockForm.Zstd)]
    [InlineData(BlockForm.Parquet)]
    public void Copy_in_a_form_is_smaller_is_recorded_with_it_and_gives_the_block_back(string form)
    {
        using CidStore store = Open(form);
        Cid cid = store.Put(Regular()).Cid;
        _ = store.Places.Copy([cid], "cold");
        BlockCopy copy = Assert.Single(store.Metadata.Get(cid)!.Copies);
        Assert.Equal(("cold", form), (copy.Place, copy.Form));
        long length = new FileInfo(FileOf(copy.StoredAs!.Value)).Length;
        Assert.InRange(length, 1, store.Metadata.Get(cid)!.ByteLength / 2);
        Assert.False(File.Exists(_there.PathOf($"blocks/{cid}.arrows")));
        Assert.True(store.Places.Prove(cid, "cold"));
        Assert.Equal([cid], store.Places.Drop([cid]).Removed);
        using BlockBackend places = store.Places.AsBackend();
        using BlockLease block = places.TryGet(cid)!;
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, block.Bytes.Span));
        Assert.Equal(store.Metadata.Get(cid)!.ByteLength, block.Bytes.Length);
    }

    [Fact]
    public void Dataset_is_copied_in_a_form_and_a_second_time_nothing_is_sent()
    {
        using CidStore store = Open(BlockForm.Parquet);
        Cid dataset = store.Datasets.Put([store.Put(Regular()).Cid, store.Put(Regular(7)).Cid]).Cid;
        BlockCopyResult first = store.Places.Copy([dataset], "cold"), again = store.Places.Copy([dataset], "cold");
        Assert.Equal((4, 4, 4, 0), (first.Blocks, first.NewBlocks, again.Blocks, again.NewBlocks));
        using TemporaryStore third = new();
        using CidStore other = Stores.Open(third);
        using BlockBackend cold = store.Places.Open(store.Places.Find("cold")!, readOnly: true);
        Assert.Equal(4, other.Transfer.AsBackend().CopyFrom(cold, [dataset]).NewBlocks);
    }

    [Fact]
    public void Block_that_no_form_makes_smaller_is_stored_as_it_is()
    {
        using CidStore store = Open(BlockForm.Zstd);
        byte[] bytes = new byte[5000];
        new Random(7).NextBytes(bytes);
        Cid cid = store.PutRaw(bytes).Cid;
        _ = store.Places.Copy([cid], "cold");
        BlockCopy copy = Assert.Single(store.Metadata.Get(cid)!.Copies);
        Assert.Equal((BlockForm.Block, null), (copy.Form, copy.StoredAs));
        Assert.True(store.Places.Prove(cid, "cold"));
    }

    [Fact]
    public void Batch_that_Parquet_would_change_is_stored_as_zstd()
    {
        using CidStore store = Open(BlockForm.Parquet);
        Cid cid = store.PutRaw(new byte[10_000]).Cid;
        _ = store.Places.Copy([cid], "cold");
        Assert.Equal(BlockForm.Zstd, Assert.Single(store.Metadata.Get(cid)!.Copies).Form);
        Assert.True(store.Places.Prove(cid, "cold"));
    }

    [Theory]
    [InlineData(BlockForm.Zstd)]
    [InlineData(BlockForm.Parquet)]
    public void Damaged_copy_in_a_form_does_not_count(string form)
    {
        using CidStore store = Open(form);
        Cid cid = store.Put(Regular()).Cid;
        _ = store.Places.Copy([cid], "cold");
        string file = FileOf(store.Metadata.Get(cid)!.Copies[0].StoredAs!.Value);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => store.Places.Prove(cid, "cold")).Code);
        Assert.Equal(KeepKind.LastCopy, store.Places.Drop([cid]).Kept.Single().Reasons[0].Kind);
        Assert.True(store.Contains(cid));
    }

    [Fact]
    public void Fact_that_names_bytes_of_another_block_gives_an_error_and_no_bytes()
    {
        using CidStore store = Open(BlockForm.Zstd);
        Cid one = store.Put(Regular()).Cid, two = store.Put(Regular(9)).Cid;
        _ = store.Places.Copy([one, two], "cold");
        BlockCopy other = store.Metadata.Get(two)!.Copies[0];
        store.Registry.Facts.Append(new CopyFact(one, "cold", new CopyState(BlockForm.TextOf(BlockForm.Zstd, other.StoredAs!.Value),
            (ulong)store.Metadata.Get(one)!.ByteLength, 1, 1, null)));
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => store.Places.Prove(one, "cold")).Code);
        store.Registry.Facts.Append(new CopyFact(one, "cold", new CopyState(BlockForm.TextOf("lzma", other.StoredAs!.Value), 1, 1, 1, null)));
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => store.Places.Prove(one, "cold")).Code);
    }

    [Fact]
    public void Bytes_with_a_media_type_and_directories_are_compressed_at_a_place_that_wants_it_and_come_back()
    {
        using CidStore store = Open(BlockForm.Zstd);
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a line of a report\n", 1000)));
        Cid file = store.PutRaw(text).Cid;
        store.Metadata.Tag(file, "media", "text/plain");
        Cid directory = FileTreePut.Put(store, [KeyValuePair.Create("a/report.txt", file)],
            store.Blocks.Coordination.ReadSweep()).Cid;
        _ = store.Places.Copy([directory, file], "cold");
        BlockCopy copy = Assert.Single(store.Metadata.Get(file)!.Copies);
        Assert.Equal(BlockForm.Zstd, copy.Form);
        Assert.InRange(new FileInfo(FileOf(copy.StoredAs!.Value)).Length, 1, text.Length / 10);
        Assert.Equal(2, store.Places.Drop([directory, file]).Removed.Count);
        using BlockBackend places = store.Places.AsBackend();
        Assert.Equal(2, store.Transfer.AsBackend().CopyFrom(places, [directory]).NewBlocks);
        Assert.Equal(text, store.Reading.ReadBlock(file));
        Assert.Equal("text/plain", store.Metadata.Get(file)!.Tags["media"]);
        Assert.Equal([KeyValuePair.Create("a/report.txt", file)],
            FileTree.FilesOf(directory, store.Reading.ReadBlock(directory)));
    }

    [Fact]
    public void Dropped_copy_in_a_form_leaves_no_file()
    {
        using CidStore store = Open(BlockForm.Zstd);
        Cid cid = store.Put(Regular()).Cid;
        _ = store.Places.Copy([cid], "cold");
        string file = FileOf(store.Metadata.Get(cid)!.Copies[0].StoredAs!.Value);
        Assert.True(File.Exists(file));
        Assert.Equal([cid], store.Places.Drop([cid], new DropOptions { From = "cold" }).Removed);
        Assert.False(File.Exists(file));
        Assert.Empty(store.Metadata.Get(cid)!.Copies);
    }

    [Fact]
    public void Copies_that_are_there_keep_their_form_when_the_place_gets_another()
    {
        using CidStore store = Open(BlockForm.Zstd);
        Cid one = store.Put(Regular()).Cid, two = store.Put(Regular(3)).Cid;
        _ = store.Places.Copy([one], "cold");
        store.Places.Add(store.Places.Find("cold")! with { Form = BlockForm.Block });
        _ = store.Places.Copy([one, two], "cold");
        Assert.Equal([BlockForm.Zstd, BlockForm.Block], new[] { one, two }.Select(cid => store.Metadata.Get(cid)!.Copies.Single().Form));
        Assert.True(store.Places.Prove(one, "cold") && store.Places.Prove(two, "cold"));
    }

    private CidStore Open(string form)
    {
        CidStore store = Stores.Open(_here);
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Form = form });
        return store;
    }

    private string FileOf(Cid cid) => _there.PathOf($"blocks/{cid}.block");

    private static RecordBatch Regular(int step = 1) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(0, 20_000).Select(i => (long)(i / 100) * step).ToArray())));
}
