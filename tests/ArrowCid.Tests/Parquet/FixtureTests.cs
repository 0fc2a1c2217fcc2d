using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Ipc;

namespace ArrowCid.Tests.Parquet;

/// <summary>Files of apache/parquet-testing: old lists and maps, INT96, every encoding, give pyarrow's CIDs.</summary>
public sealed class FixtureTests
{
    // By pyarrow 25: read_row_group, then the canonical block of its one batch.
    public static TheoryData<string, string> Files => new()
    {
        { "alltypes_dictionary", "bafkreie4cjcyrcb256fqbk65nmb76bnxunynqkrhjkp565umnrpiv473xa" },
        { "alltypes_plain", "bafkreid35eo6qdo2a4xu3kkickp2aol6yms4wlkdbaqzfdhlbwh7x6vmr4" },
        { "alltypes_plain.snappy", "bafkreiaigaglcosxsncvmv5p5scwrke3yw7keiohfb5hzsnfq3fnxoq3em" },
        { "byte_stream_split_extended.gzip", "bafkreieofamh2p6pldkr4l7oojnvria6hq3iobynfjezxq32hpyyhgsmwu" },
        { "concatenated_gzip_members", "bafkreiepu3ixfql7kfjritxa6w3lxlxh63n5rl4y32kn6sjgtoqwg6g4e4" },
        { "datapage_v1-uncompressed-checksum", "bafkreibly7oey2iexhto3twsvd2ltpczmdt4gxmexmwa2tnupkgesu4ppq" },
        { "datapage_v2.snappy", "bafkreialolbbcmseiavoqlietcszplsi4mqu7wmhdou6ae6gbuaty7kyxy" },
        { "delta_binary_packed", "bafkreibvkdurhro4bmvv4r3mcxuxh6ckuqgoiqcgwbr662num6kq54bvsm" },
        { "delta_byte_array", "bafkreif3tqvbteinb7itlrbwdb3l5srg3ps7vyiidczpf6kubq6prl2vge" },
        { "delta_encoding_required_column", "bafkreiabi7ocsfz2yoewzr4veg27itgubbmgk4qs7mde5zwkbhsv4a3wom" },
        { "delta_length_byte_array", "bafkreihhixpz2ywalduztmgfyhq6jsik5vrembuszgsim566spcolqkati" },
        { "int32_with_null_pages", "bafkreieeu3emhznt2eqpmlwbxow64gokmhblfi6byapkmqoxvqklmdkoa4" },
        { "list_columns", "bafkreicwkoifz4tigrgjamv73xfqlxeik3gbd5r6khshmgc24fxiwybwsq" },
        { "nested_lists.snappy", "bafkreidkln7wu3drqss6meninzt5tkvpim6va33243ev6wthyc7u5n6kpe" },
        { "nested_maps.snappy", "bafkreiai4xsabhuxrbm5pthlpsxrkxjvsxf64to7mrpc2pectifx3oj4eq" },
        { "nested_structs.rust", "bafkreib5g27p4u6teux3da47deakdqlohnc5hg5tbctqaw4iriihcx4hkm" },
        { "nonnullable.impala", "bafkreiajyessfg7ehehq22nv625jqne7eyevkwttqsa4b34cant5skihl4" },
        { "nullable.impala", "bafkreiagzl57dsz4hjx2fvbkc46fjb7za7tfdwh6qudapxnhufngdl462y" },
        { "repeated_primitive_no_list", "bafkreigznuyxsianshf452ntxh6znyoqn4hyxphoo7py34ry5fngvnsolm" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_by_others_gives_the_CID_that_pyarrow_gives(string name, string cid)
    {
        RecordBatch batch = Assert.Single(ParquetFile.Read(Bytes(name)));
        Assert.Equal(cid, CanonicalBlock.CidOf(batch).ToString());
    }

    [Fact]
    public void A_changed_byte_of_a_checked_page_is_an_error()
    {
        byte[] file = Bytes("datapage_v1-uncompressed-checksum");
        file[1000] ^= 1;
        var e = Assert.ThrowsAny<ArrowCidException>(() => ParquetFile.Read(file));
        Assert.Contains("checksum", e.Message, StringComparison.Ordinal);
        Assert.Contains("row group 0", e.Message, StringComparison.Ordinal);
        Assert.NotNull(ParquetFile.Read(file, new ParquetReadOptions { IgnoresChecksums = true }));
    }

    public static byte[] Bytes(string name) => IpcData.Bytes($"parquet/{name}.parquet");
}
