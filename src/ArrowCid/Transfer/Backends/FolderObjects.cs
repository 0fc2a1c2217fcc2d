using System.Runtime.CompilerServices;

namespace ArrowCid.Transfer.Backends;

/// <summary>Objects as files of a directory. A file appears whole: it is written under another name, flushed, and
/// linked.</summary>
internal sealed class FolderObjects(string directory) : ObjectStore(directory)
{
    private const string Unfinished = ".unfinished-";

    public override Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellationToken) =>
        Run(async () =>
        {
            string path = PathOf(key), folder = Path.GetDirectoryName(path)!;
            _ = Directory.CreateDirectory(folder);
            string temporary = Path.Combine(folder, $"{Unfinished}{Guid.NewGuid():n}");
            try
            {
                await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
                {
                    await file.WriteAsync(bytes, cancellationToken);
                    file.Flush(flushToDisk: true);
                }

                if (File.Exists(path)) return false;
                File.Move(temporary, path, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(path))
            {
                return false;
            }
            finally
            {
                File.Delete(temporary);
            }
        });

    public override Task<bool> ReadAsync(string key, long offset, Memory<byte> target,
        CancellationToken cancellationToken) => Run(async () =>
    {
        try
        {
            await using var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read,
                FileShare.Read | FileShare.Delete);
            file.Position = offset;
            await file.ReadExactlyAsync(target, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (EndOfStreamException e)
        {
            throw new ArrowCidException(ErrorCode.BlockCorrupt,
                $"{Name}: {key} is shorter than it was when it was written", e);
        }
    });

    public override Task DeleteAsync(string key, CancellationToken cancellationToken) => Run(() =>
    {
        try
        {
            File.Delete(PathOf(key));
        }
        catch (DirectoryNotFoundException)
        {
            // There is none.
        }

        return Task.FromResult(true);
    });

    public override async IAsyncEnumerable<(string Key, long ByteLength)> ListAsync(string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        if (!Directory.Exists(Name)) yield break;
        foreach (string path in Directory.EnumerateFiles(Name, "*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string key = Path.GetRelativePath(Name, path);
            bool isObject = key.StartsWith(prefix, StringComparison.Ordinal) &&
                !Path.GetFileName(key).StartsWith(Unfinished, StringComparison.Ordinal);
            if (isObject && new FileInfo(path) is { Exists: true } file) yield return (key, file.Length);
        }
    }

    private string PathOf(string key) => Path.Combine(Name, key);

    private async Task<bool> Run(Func<Task<bool>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"{Name}: {e.Message}", e);
        }
    }
}
