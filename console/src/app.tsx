import { effect, signal } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import icon from "./icon.svg";
import waitingIcon from "./icon-waiting.svg";
import { connection, known, problem, version } from "./live";
import { LiveView } from "./live-view";
import { go, view } from "./location";
import { lacksKey, SignIn } from "./sign-in";
import { beep, isLoud } from "./sound";

const DeskView = lazy(() => import("./desk"));
const ScriptView = lazy(() => import("./script-view"));
const QueuesView = lazy(() => import("./queues-view"));
const StoredView = lazy(() => import("./stored-view"));
const TrafficView = lazy(() => import("./traffic"));
const StatisticsView = lazy(() => import("./statistics-view"));

const VIEWS = [
  { name: "live", label: "Live" },
  { name: "desk", label: "Desk" },
  { name: "script", label: "Script" },
  { name: "queues", label: "Queues" },
  { name: "stored", label: "Stored" },
  { name: "traffic", label: "Traffic" },
  { name: "statistics", label: "Statistics" },
];

type Theme = "light" | "dark" | "auto";
const theme = signal<Theme>((localStorage.getItem("theme") as Theme | null) ?? "auto");

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

let waitingBefore = 0;
effect(() => {
  void version.value;
  const waiting = known.waiting.size;
  // Each setting, also to the same, makes the browser draw its tab again, and load the icon.
  if (waiting !== waitingBefore) {
    document.title = waiting ? `(${waiting}) waiting · llemulator` : "llemulator";
    document.querySelector("link[rel=icon]")?.setAttribute("href", waiting ? waitingIcon : icon);
  }
  if (waiting > waitingBefore && isLoud.value) beep();
  waitingBefore = waiting;
});

export function App() {
  // On a phone the views do not all fit.
  useEffect(() => {
    document.querySelector(".top nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [view.value]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <h1>
          <img src={icon} alt="" width="22" height="22" /> llemulator
        </h1>
        <nav aria-label="Views">
          {VIEWS.map(({ name, label }) => (
            <a
              key={name}
              href={name === "live" ? "/" : `/?view=${name}`}
              aria-current={view.value === name ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                go({ view: name === "live" ? "" : name });
              }}
            >
              {label}
              {name === "desk" && <WaitingBadge />}
            </a>
          ))}
        </nav>
        <Connection />
        <button type="button" class="plain" onClick={nextTheme} aria-label={`Colours: ${theme.value}. Change`}>
          {theme.value === "auto" ? "◐" : theme.value === "dark" ? "●" : "○"}
        </button>
      </header>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <main id="main" tabIndex={0} class={`view-${view.value}`}>
        <Suspense fallback={<p class="empty">Loading…</p>}>
          {lacksKey.value ? <SignIn /> : <View />}
        </Suspense>
      </main>
    </>
  );
}

// Each of these draws itself again, and not the page, when what it shows changes.
function WaitingBadge() {
  void version.value;
  if (!known.waiting.size) return null;
  return (
    <span class="badge waiting">
      {known.waiting.size}
      <span class="unseen"> waiting</span>
    </span>
  );
}

function Connection() {
  return (
    <span class={`connection ${connection.value}`} role="status">
      {connection.value === "open" ? "live" : connection.value === "lost" ? "connection lost" : "connecting"}
    </span>
  );
}

function View() {
  switch (view.value) {
    case "desk":
      return <DeskView />;
    case "script":
      return <ScriptView />;
    case "queues":
      return <QueuesView />;
    case "stored":
      return <StoredView />;
    case "traffic":
      return <TrafficView />;
    case "statistics":
      return <StatisticsView />;
    default:
      return <LiveView />;
  }
}

function nextTheme(): void {
  theme.value = theme.value === "auto" ? "dark" : theme.value === "dark" ? "light" : "auto";
  localStorage.setItem("theme", theme.value);
}
