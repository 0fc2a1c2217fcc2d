using ArrowCid.Memory;

namespace ArrowCid.Tests.Storage;

/// <summary>What a file that was moved needs, to have its name after a loss of power.</summary>
public class DirectoryFlushTests
{
    [Fact]
    public void A_directory_is_flushed_by_its_own_name_and_by_a_link()
    {
        using var folder = new TemporaryStore();
        Directory.CreateDirectory(folder.Directory);
        string link = folder.Directory + "-link";
        _ = File.CreateSymbolicLink(link, folder.Directory);
        try
        {
            Assert.Equal((0, 0), (FileDescriptor.SyncDirectory(folder.Directory), FileDescriptor.SyncDirectory(link)));
        }
        finally
        {
            File.Delete(link);
        }

        Assert.Equal(Errno.NotFound, FileDescriptor.SyncDirectory(link));
    }
}
