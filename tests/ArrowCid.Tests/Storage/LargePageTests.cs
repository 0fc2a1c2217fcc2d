using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Files in memory that are laid on large pages are the same files, whether the kernel can do it or not.
/// </summary>
public sealed class LargePageTests
{
    private const string Name = "file";

    [Theory]
    [InlineData(100)]
    [InlineData(LargePages.Bytes)]
    [InlineData(LargePages.Bytes + 1)]
    [InlineData((5 * LargePages.Bytes) + 4321)]
    public void A_file_written_in_pieces_and_at_its_beginning_again_is_what_was_written(int length)
    {
        using var directory = new TemporaryStore();
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory.Directory, out _)!;
        var random = new Random(length);
        var bytes = new byte[length];
        random.NextBytes(bytes);
        using (FileDescriptor made = folder.TryCreateFile(Name, out _)!)
        using (var file = new FileStream(Path.Combine(directory.Directory, Name), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite, bufferSize: 0))
        using (var output = new LargePageStream(file, made))
        {
            for (int at = 0; at < length;)
            {
                int piece = Math.Min(random.Next(1, 3 << 20), length - at);
                output.Write(bytes.AsSpan(at, piece));
                at += piece;
                Assert.Equal(at, output.Length);
            }

            random.NextBytes(bytes.AsSpan(0, 100));
            output.Position = 0;
            output.Write(bytes.AsSpan(0, 100));
            Assert.Equal(100, output.Position);
        }

        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(directory.Directory, Name)));
        using FileDescriptor found = folder.TryOpenFile(Name, writable: false, out _)!;
        using Mapping map = Mapping.TryMap(found, length, writable: false, out int errno)!;
        Assert.Equal(0, errno);
        Assert.True(map.Bytes(0, length).SequenceEqual(bytes));
    }

    [Fact]
    public void Bytes_that_lie_there_are_kept_and_a_file_that_is_too_short_is_left_alone()
    {
        using var directory = new TemporaryStore();
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory.Directory, out _)!;
        string path = Path.Combine(directory.Directory, Name);
        var bytes = new byte[2 * LargePages.Bytes];
        new Random(3).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        using FileDescriptor file = folder.TryOpenFile(Name, writable: true, out _)!;
        _ = LargePages.TryMake(file, LargePages.Bytes);
        Assert.Equal(bytes, File.ReadAllBytes(path));
        Assert.False(LargePages.TryMake(file, 4 * LargePages.Bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => LargePages.TryMake(file, 4096));
        Assert.Equal(bytes.Length, new FileInfo(path).Length);
    }
}
