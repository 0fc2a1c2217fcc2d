// The explorer: its frame, and which view an address shows.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, server, setToken, token, Trouble } from './api';
import { Data } from './data';
import { Diff } from './diff';
import { Live } from './live';
import { NameHistory, Names } from './names';
import { Failure, useTitle } from './parts';
import { go, link, useRoute, type Route } from './route';
import { Search } from './search';
import { Server } from './server';

const VIEWS = [['search', 'Search'], ['names', 'Names'], ['diff', 'Compare'], ['live', 'Live'], ['server', 'Server']] as const;

function App() {
  const route = useRoute();
  const [signs, setSigns] = useState(0);
  const first = route.parts[0] ?? 'search';
  useEffect(() => {
    const keyed = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey) return;
      if ((event.target as Element).closest('input, select, textarea')) return;
      event.preventDefault();
      const field = document.querySelector<HTMLInputElement>('#filter');
      if (field) field.focus();
      else go(['search']);
    };
    addEventListener('keydown', keyed);
    return () => removeEventListener('keydown', keyed);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('#main')?.focus(); }}>To the content</a>
      <header>
        <a class="brand" href={link([])}>ArrowCid</a>
        <nav aria-label="Views">
          {VIEWS.map(([key, title]) => <a href={link([key])} aria-current={key === first ? 'page' : undefined}>{title}</a>)}
        </nav>
        <a class="sign" href={link(['sign-in'])} aria-current={first === 'sign-in' ? 'page' : undefined}>{token() ? 'Signed in' : 'Sign in'}</a>
      </header>
      {server !== location.origin && <p class="other" role="status">The data is that of {server}.</p>}
      <main id="main" tabIndex={-1} key={signs}>
        <View route={route} first={first} onSign={() => setSigns(signs + 1)} />
      </main>
    </>
  );
}

function View({ route, first, onSign }: { route: Route; first: string; onSign: () => void }) {
  const [, second = '', third = ''] = route.parts;
  switch (first) {
    case 'search': return <Search route={route} />;
    case 'names': return <Names />;
    case 'name': return <NameHistory name={second} />;
    case 'data': return <Data key={second} reference={second} view={third || 'rows'} />;
    case 'diff': return <Diff route={route} key={route.parts.join('/')} />;
    case 'live': return <Live />;
    case 'server': return <Server />;
    case 'sign-in': return <SignIn back={route.query.get('back')} onSign={onSign} />;
    default: return <Failure error={new Trouble(`There is no view "${first}".`, 'Choose one of the views above.')} />;
  }
}

function SignIn({ back, onSign }: { back: string | null; onSign: () => void }) {
  useTitle('Sign in');
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const before = token() ?? null;
    setToken(text.trim());
    try {
      await call('/v1/blocks?limit=1');
      onSign();
      location.hash = back?.startsWith('#/') ? back : '#/';
    } catch (reason) {
      setToken(before);
      setError(reason);
    }
  };
  return (
    <>
      <h1>Sign in</h1>
      <p>The token goes to {server} with each request, and this tab forgets it when it is closed. The local server's own token
        is in the file <code>serve.token</code> of its store; operators give others with <code>--token-file</code>.</p>
      <form class="stacked" onSubmit={(event) => void submit(event)}>
        <label for="token">Token</label>
        <input id="token" type="password" required autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button>Sign in</button>
        {token() && <button type="button" onClick={() => { setToken(null); onSign(); }}>Sign out</button>}
      </form>
      {error ? <Failure error={error} /> : null}
    </>
  );
}

render(<App />, document.querySelector('#app')!);
